// Digests of bytes that come piece by piece: the five checksums of S3 and MD5.
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace mg::fake {

enum class Algorithm { kMd5, kCrc32, kCrc32c, kCrc64Nvme, kSha1, kSha256 };

inline constexpr Algorithm kChecksumAlgorithms[] = {Algorithm::kCrc32, Algorithm::kCrc32c,
                                                    Algorithm::kCrc64Nvme, Algorithm::kSha1,
                                                    Algorithm::kSha256};

std::string_view NameOf(Algorithm algorithm);                    // "CRC64NVME"
std::string ChecksumHeader(Algorithm algorithm);                 // "x-amz-checksum-crc64nvme"
std::string ChecksumElement(Algorithm algorithm);                // "ChecksumCRC64NVME"
std::size_t BytesOf(Algorithm algorithm);                        // of a value
std::optional<Algorithm> AlgorithmNamed(std::string_view name);  // "CRC64NVME", case matters not
std::optional<Algorithm> AlgorithmOfHeader(std::string_view header);

class Digest {
 public:
  explicit Digest(Algorithm algorithm);
  ~Digest();
  Digest(Digest&&) noexcept;
  Digest& operator=(Digest&&) noexcept;
  void Update(std::string_view bytes);
  std::string Finish();  // raw, CRCs big-endian; once
  Algorithm algorithm() const { return algorithm_; }

 private:
  struct Hash;  // libcrypto's

  Algorithm algorithm_;
  std::uint64_t crc_;
  std::unique_ptr<Hash> hash_;
};

std::string DigestOf(Algorithm algorithm, std::string_view bytes);

}  // namespace mg::fake
