#include "emulator/tar.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <utility>

#include "core/adapters/file_io.h"
#include "core/base/bytes.h"
#include "fakes/r2/digests.h"

namespace mg {
namespace {

constexpr std::size_t kBlock = 512;
constexpr std::size_t kPiece = std::size_t{256} * 1024;
constexpr std::size_t kNameBytes = 100;

// Where the fields of a header stand, and how long they are.
constexpr std::size_t kModeAt = 100, kModeBytes = 8;
constexpr std::size_t kSizeAt = 124, kSizeBytes = 12;
constexpr std::size_t kTimeAt = 136, kTimeBytes = 12;
constexpr std::size_t kSumAt = 148, kSumBytes = 8;
constexpr std::size_t kTypeAt = 156;
constexpr std::size_t kMagicAt = 257;
constexpr std::string_view kMagic{"ustar\00000", 8};

Error SystemError(const std::string& what) {
  return Error{Code::kUnavailable, what + ": " + std::strerror(errno), false};
}

Error Damaged(const std::string& what) {
  return Error{Code::kCorrupt, "the archive is damaged: " + what, false};
}

std::string Octal(std::int64_t value, std::size_t field) {
  std::array<char, 24> text{};
  std::snprintf(text.data(), text.size(), "%0*llo", static_cast<int>(field) - 1,
                static_cast<unsigned long long>(value));
  return text.data();
}

std::optional<std::int64_t> FromOctal(std::string_view field) {
  std::int64_t value = 0;
  field = field.substr(0, std::min(field.find_first_of(std::string_view(" \0", 2)), field.size()));
  if (field.empty() || field.size() >= kSizeBytes) return std::nullopt;
  for (const char c : field) {
    if (c < '0' || c > '7') return std::nullopt;
    value = value * 8 + (c - '0');
  }
  return value;
}

std::int64_t PaddingOf(std::int64_t size) {
  const auto over = size % static_cast<std::int64_t>(kBlock);
  return over == 0 ? 0 : static_cast<std::int64_t>(kBlock) - over;
}

// The sum of all bytes, those of its own field taken as blanks.
std::int64_t SumOf(std::string_view header) {
  std::int64_t sum = 0;
  for (std::size_t i = 0; i < header.size(); ++i) {
    const bool own = i >= kSumAt && i < kSumAt + kSumBytes;
    sum += own ? ' ' : static_cast<unsigned char>(header[i]);
  }
  return sum;
}

std::string HeaderOf(const std::string& name, std::int64_t size) {
  std::string header(kBlock, '\0');
  header.replace(0, name.size(), name);
  header.replace(kModeAt, kModeBytes - 1, Octal(0600, kModeBytes));
  header.replace(kSizeAt, kSizeBytes - 1, Octal(size, kSizeBytes));
  header.replace(kTimeAt, kTimeBytes - 1, Octal(0, kTimeBytes));
  header[kTypeAt] = '0';
  header.replace(kMagicAt, kMagic.size(), kMagic);
  header.replace(kSumAt, kSumBytes - 1, Octal(SumOf(header), kSumBytes));
  return header;
}

}  // namespace

Result<TarWriter> TarWriter::Create(const std::string& path) {
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (file < 0) return SystemError("cannot write " + path);
  return TarWriter(file);
}

TarWriter::TarWriter(TarWriter&& other) noexcept : file_(std::exchange(other.file_, -1)) {}

TarWriter::~TarWriter() {
  if (file_ >= 0) ::close(file_);
}

Status TarWriter::Write(std::string_view bytes) {
  return WriteAll(file_, bytes) ? Ok() : Status(SystemError("cannot write the archive"));
}

Status TarWriter::BeginEntry(const std::string& name, std::int64_t size) {
  if (name.size() > kNameBytes || size > kMaxTarFileBytes)
    return Error{Code::kInvalid, name + " is too large for an archive", false};
  return Write(HeaderOf(name, size));
}

Status TarWriter::EndEntry(std::int64_t size) {
  return Write(std::string(static_cast<std::size_t>(PaddingOf(size)), '\0'));
}

Result<std::string> TarWriter::AddText(const std::string& name, std::string_view text) {
  const auto size = static_cast<std::int64_t>(text.size());
  MG_RETURN_IF_ERROR(BeginEntry(name, size));
  MG_RETURN_IF_ERROR(Write(text));
  MG_RETURN_IF_ERROR(EndEntry(size));
  return HexEncode(fake::DigestOf(fake::Algorithm::kSha256, text));
}

Result<std::string> TarWriter::AddFile(const std::string& name, const std::string& path) {
  const int from = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  struct stat about {};
  if (from < 0 || ::fstat(from, &about) != 0) {
    const Error failed = SystemError("cannot read " + path);
    if (from >= 0) ::close(from);
    return failed;
  }
  fake::Digest digest(fake::Algorithm::kSha256);
  Status done = BeginEntry(name, about.st_size);
  std::string piece(kPiece, '\0');
  for (std::int64_t left = about.st_size; done && left > 0;) {
    const auto wanted = std::min(left, static_cast<std::int64_t>(kPiece));
    const ssize_t got = ::read(from, piece.data(), static_cast<std::size_t>(wanted));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) {
      done = Error{Code::kUnavailable, path + " became shorter while it was read", false};
      break;
    }
    const std::string_view bytes(piece.data(), static_cast<std::size_t>(got));
    digest.Update(bytes);
    done = Write(bytes);
    left -= got;
  }
  ::close(from);
  MG_RETURN_IF_ERROR(done);
  MG_RETURN_IF_ERROR(EndEntry(about.st_size));
  return HexEncode(digest.Finish());
}

Status TarWriter::Finish() {
  MG_RETURN_IF_ERROR(Write(std::string(2 * kBlock, '\0')));
  if (::fsync(file_) != 0) return SystemError("cannot sync the archive");
  return Ok();
}

Result<TarReader> TarReader::Open(const std::string& path) {
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return SystemError("cannot read " + path);
  return TarReader(file);
}

TarReader::TarReader(TarReader&& other) noexcept
    : file_(std::exchange(other.file_, -1)), left_(other.left_), padding_(other.padding_) {}

TarReader::~TarReader() {
  if (file_ >= 0) ::close(file_);
}

Result<std::string> TarReader::Take(std::size_t size) {
  std::string bytes(size, '\0');
  std::size_t have = 0;
  while (have < size) {
    const ssize_t got = ::read(file_, bytes.data() + have, size - have);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return SystemError("cannot read the archive");
    if (got == 0) return Damaged("it ends too early");
    have += static_cast<std::size_t>(got);
  }
  return bytes;
}

Result<std::optional<TarEntry>> TarReader::Next() {
  while (left_ > 0) {
    MG_TRY(skipped, Read());
    static_cast<void>(skipped);
  }
  MG_TRY(padding, Take(static_cast<std::size_t>(std::exchange(padding_, 0))));
  static_cast<void>(padding);
  MG_TRY(header, Take(kBlock));
  if (header == std::string(kBlock, '\0')) return std::optional<TarEntry>();
  const auto field = [&header = header](std::size_t at, std::size_t size) {
    return std::string_view(header).substr(at, size);
  };
  const auto sum = FromOctal(field(kSumAt, kSumBytes));
  const auto size = FromOctal(field(kSizeAt, kSizeBytes));
  if (field(kMagicAt, 5) != "ustar" || !sum || *sum != SumOf(header) || !size)
    return Damaged("a file's header is none");
  if (header[kTypeAt] != '0') return Damaged("it holds more than plain files");
  left_ = *size;
  padding_ = PaddingOf(*size);
  return std::optional<TarEntry>({std::string(header.c_str()).substr(0, kNameBytes), *size});
}

Result<std::string> TarReader::Read() {
  const auto size = std::min(left_, static_cast<std::int64_t>(kPiece));
  MG_TRY(bytes, Take(static_cast<std::size_t>(size)));
  left_ -= size;
  return std::move(bytes);
}

}  // namespace mg
