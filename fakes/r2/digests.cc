#include "fakes/r2/digests.h"

#include <openssl/evp.h>

#include <array>

#include "core/base/bytes.h"
#include "core/base/check.h"

namespace mg::fake {
namespace {

struct Facts {
  Algorithm algorithm;
  std::string_view name;
  std::size_t bytes;
};

constexpr Facts kFacts[] = {
    {Algorithm::kMd5, "MD5", 16},      {Algorithm::kCrc32, "CRC32", 4},
    {Algorithm::kCrc32c, "CRC32C", 4}, {Algorithm::kCrc64Nvme, "CRC64NVME", 8},
    {Algorithm::kSha1, "SHA1", 20},    {Algorithm::kSha256, "SHA256", 32}};

const Facts& FactsOf(Algorithm algorithm) {
  return kFacts[static_cast<std::size_t>(algorithm)];
}

using CrcTables = std::array<std::array<std::uint64_t, 256>, 8>;

// Of reflected polynomials; table k is that of a byte with k zero bytes behind it.
constexpr CrcTables MakeTables(std::uint64_t polynomial) {
  CrcTables tables{};
  for (std::uint64_t i = 0; i < 256; ++i) {
    std::uint64_t value = i;
    for (int bit = 0; bit < 8; ++bit)
      value = (value & 1) != 0 ? polynomial ^ value >> 1 : value >> 1;
    tables[0][i] = value;
  }
  for (std::size_t k = 1; k < 8; ++k)
    for (std::size_t i = 0; i < 256; ++i)
      tables[k][i] = tables[k - 1][i] >> 8 ^ tables[0][tables[k - 1][i] & 0xff];
  return tables;
}

constexpr CrcTables kCrc32Tables = MakeTables(0xedb88320);
constexpr CrcTables kCrc32cTables = MakeTables(0x82f63b78);
constexpr CrcTables kCrc64Tables = MakeTables(0x9a6c9329ac4bc9b5);

std::uint64_t Crc(const CrcTables& tables, std::uint64_t value, std::string_view bytes) {
  const auto byte = [&](std::size_t i) {
    return static_cast<std::uint64_t>(static_cast<unsigned char>(bytes[i]));
  };
  for (; bytes.size() >= 8; bytes.remove_prefix(8)) {
    std::uint64_t word = 0;
    for (std::size_t i = 0; i < 8; ++i) word |= byte(i) << (8 * i);
    word ^= value;
    value = 0;
    for (std::size_t i = 0; i < 8; ++i) value ^= tables[7 - i][word >> (8 * i) & 0xff];
  }
  for (std::size_t i = 0; i < bytes.size(); ++i)
    value = tables[0][(value ^ byte(i)) & 0xff] ^ value >> 8;
  return value;
}

const CrcTables* TablesOf(Algorithm algorithm) {
  if (algorithm == Algorithm::kCrc32) return &kCrc32Tables;
  if (algorithm == Algorithm::kCrc32c) return &kCrc32cTables;
  return algorithm == Algorithm::kCrc64Nvme ? &kCrc64Tables : nullptr;
}

const EVP_MD* HashOf(Algorithm algorithm) {
  if (algorithm == Algorithm::kMd5) return EVP_md5();
  return algorithm == Algorithm::kSha1 ? EVP_sha1() : EVP_sha256();
}

}  // namespace

struct Digest::Hash {
  Hash() : context(EVP_MD_CTX_new()) {}
  ~Hash() { EVP_MD_CTX_free(context); }
  Hash(const Hash&) = delete;
  Hash& operator=(const Hash&) = delete;
  EVP_MD_CTX* context;
};

std::string_view NameOf(Algorithm algorithm) {
  return FactsOf(algorithm).name;
}

std::string ChecksumHeader(Algorithm algorithm) {
  return "x-amz-checksum-" + AsciiLower(NameOf(algorithm));
}

std::string ChecksumElement(Algorithm algorithm) {
  return "Checksum" + std::string(NameOf(algorithm));
}

std::size_t BytesOf(Algorithm algorithm) {
  return FactsOf(algorithm).bytes;
}

std::optional<Algorithm> AlgorithmNamed(std::string_view name) {
  for (const Algorithm algorithm : kChecksumAlgorithms)
    if (EqualsIgnoreCase(name, NameOf(algorithm))) return algorithm;
  return std::nullopt;
}

std::optional<Algorithm> AlgorithmOfHeader(std::string_view header) {
  constexpr std::string_view kPrefix = "x-amz-checksum-";
  if (!EqualsIgnoreCase(header.substr(0, kPrefix.size()), kPrefix)) return std::nullopt;
  return AlgorithmNamed(header.substr(kPrefix.size()));
}

Digest::Digest(Algorithm algorithm)
    : algorithm_(algorithm),
      crc_(algorithm == Algorithm::kCrc64Nvme ? ~std::uint64_t{0} : 0xffffffff) {
  if (TablesOf(algorithm) != nullptr) return;
  hash_ = std::make_unique<Hash>();
  MG_CHECK(EVP_DigestInit_ex(hash_->context, HashOf(algorithm), nullptr) == 1, "no digest");
}

Digest::~Digest() = default;
Digest::Digest(Digest&&) noexcept = default;
Digest& Digest::operator=(Digest&&) noexcept = default;

void Digest::Update(std::string_view bytes) {
  if (const CrcTables* tables = TablesOf(algorithm_)) {
    crc_ = Crc(*tables, crc_, bytes);
    return;
  }
  MG_CHECK(EVP_DigestUpdate(hash_->context, bytes.data(), bytes.size()) == 1, "no digest");
}

std::string Digest::Finish() {
  const std::size_t bytes = BytesOf(algorithm_);
  if (hash_) {
    std::string out(bytes, '\0');
    auto* data = reinterpret_cast<unsigned char*>(out.data());
    MG_CHECK(EVP_DigestFinal_ex(hash_->context, data, nullptr) == 1, "no digest");
    return out;
  }
  std::string out;
  for (std::size_t i = bytes; i-- > 0;) out += static_cast<char>(~crc_ >> (8 * i) & 0xff);
  return out;
}

std::string DigestOf(Algorithm algorithm, std::string_view bytes) {
  Digest digest(algorithm);
  digest.Update(bytes);
  return digest.Finish();
}

}  // namespace mg::fake
