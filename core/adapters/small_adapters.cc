#include "core/adapters/small_adapters.h"

#include <fcntl.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <system_error>
#include <utility>

#include "core/adapters/file_io.h"
#include "core/base/check.h"
#include "core/base/json_text.h"
#include "core/base/time_text.h"

namespace mg {
namespace {

Error FromErrno(const std::string& what, const std::string& path, int error) {
  const Code code = error == ENOENT ? Code::kNotFound : Code::kUnavailable;
  return Error{code, what + " " + path + ": " + std::generic_category().message(error)};
}

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  bool ok() const { return fd_ >= 0; }
  int get() const { return fd_; }

 private:
  int fd_;
};

std::string FolderOf(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

Status SyncFolderOf(const std::string& path) {
  const std::string folder = FolderOf(path);
  return SyncFolder(folder) ? Ok() : Status(FromErrno("cannot sync", folder, errno));
}

std::string_view LevelName(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug:
      return "debug";
    case LogLevel::kInfo:
      return "info";
    case LogLevel::kWarn:
      return "warn";
    case LogLevel::kError:
      return "error";
  }
  return "error";
}

}  // namespace

std::string OsRandom::Bytes(std::size_t count) {
  std::string bytes(count, '\0');
  std::size_t have = 0;
  while (have < count) {
    const ssize_t n = ::getrandom(bytes.data() + have, count - have, 0);
    if (n < 0 && errno == EINTR) continue;
    MG_CHECK(n > 0, "the kernel has no random bytes");
    have += static_cast<std::size_t>(n);
  }
  return bytes;
}

std::uint64_t OsRandom::Below(std::uint64_t bound) {
  MG_CHECK(bound > 0, "a bound of 0");
  // Draws from the incomplete last round are thrown away: modulo alone would favour small values.
  const std::uint64_t rejected_below = (0 - bound) % bound;
  while (true) {
    std::uint64_t draw = 0;
    const std::string bytes = Bytes(sizeof draw);
    std::memcpy(&draw, bytes.data(), sizeof draw);
    if (draw >= rejected_below) return draw % bound;
  }
}

Status FileDisk::Append(const std::string& path, std::string_view bytes) {
  const Descriptor fd(::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600));
  if (!fd.ok() || !WriteAll(fd.get(), bytes)) return FromErrno("cannot append to", path, errno);
  return Ok();
}

Status FileDisk::Sync(const std::string& path) {
  {
    const Descriptor fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!fd.ok() || ::fsync(fd.get()) != 0) return FromErrno("cannot sync", path, errno);
  }
  return SyncFolderOf(path);  // Append may have made the file
}

Result<std::string> FileDisk::Read(const std::string& path) {
  const Descriptor fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd.ok()) return FromErrno("cannot read", path, errno);
  std::string bytes;
  struct stat status {};
  if (::fstat(fd.get(), &status) == 0 && status.st_size > 0) {
    bytes.reserve(static_cast<std::size_t>(status.st_size));
  }
  char piece[64 * 1024];
  while (true) {
    const ssize_t n = ::read(fd.get(), piece, sizeof piece);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return FromErrno("cannot read", path, errno);
    if (n == 0) return bytes;
    bytes.append(piece, static_cast<std::size_t>(n));
  }
}

Status FileDisk::Replace(const std::string& path, std::string_view bytes) {
  std::string temporary = path + ".XXXXXX";
  {
    const Descriptor fd(::mkostemp(temporary.data(), O_CLOEXEC));  // mode 0600
    if (!fd.ok()) return FromErrno("cannot write", path, errno);
    if (!WriteAll(fd.get(), bytes) || ::fsync(fd.get()) != 0) {
      const int error = errno;
      ::unlink(temporary.c_str());
      return FromErrno("cannot write", path, error);
    }
  }
  if (::rename(temporary.c_str(), path.c_str()) != 0) {
    const int error = errno;
    ::unlink(temporary.c_str());
    return FromErrno("cannot replace", path, error);
  }
  return SyncFolderOf(path);
}

Result<std::vector<std::string>> FileDisk::List(const std::string& prefix) {
  std::vector<std::string> files;
  std::error_code error;
  std::filesystem::directory_iterator entry(FolderOf(prefix), error);
  for (; !error && entry != std::filesystem::directory_iterator(); entry.increment(error)) {
    std::string path = prefix.substr(0, prefix.rfind('/') + 1) + entry->path().filename().string();
    std::error_code gone;
    if (path.compare(0, prefix.size(), prefix) == 0 && !entry->is_directory(gone))
      files.push_back(std::move(path));
  }
  if (error && error != std::errc::no_such_file_or_directory)
    return FromErrno("cannot list", FolderOf(prefix), error.value());
  std::sort(files.begin(), files.end());
  return files;
}

Status FileDisk::Remove(const std::string& path) {
  if (::unlink(path.c_str()) != 0) {
    if (errno == ENOENT) return Ok();
    return FromErrno("cannot remove", path, errno);
  }
  return SyncFolderOf(path);
}

void JsonLinesLog::Write(LogLevel level, std::string_view event, std::vector<LogField> fields) {
  if (level < least_) return;
  std::string line = "{\"time\":\"" + IsoMillis(runtime_.Wall().ms) + "\",\"level\":\"";
  line += LevelName(level);
  line += "\",\"event\":";
  AppendJsonString(line, event);
  for (const LogField& field : fields) {
    line += ',';
    AppendJsonString(line, field.name);
    line += ':';
    if (const auto* number = std::get_if<std::int64_t>(&field.value)) {
      line += std::to_string(*number);
    } else {
      AppendJsonString(line, std::get<std::string>(field.value));
    }
  }
  line += "}\n";
  WriteAll(descriptor_, line);  // one write(2); a log that cannot be written stops nothing
}

}  // namespace mg
