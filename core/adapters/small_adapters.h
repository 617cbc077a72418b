// The short ports of production: random bytes from the kernel, files on disk, log lines on a
// descriptor.
#pragma once
#include "core/ports/disk.h"
#include "core/ports/log.h"
#include "core/ports/random.h"
#include "core/ports/runtime.h"

namespace mg {

class OsRandom final : public Random {  // getrandom(2)
 public:
  std::string Bytes(std::size_t count) override;
  std::uint64_t Below(std::uint64_t bound) override;
};

class FileDisk final : public Disk {
 public:
  Status Append(const std::string& path, std::string_view bytes) override;
  Status Sync(const std::string& path) override;
  Result<std::string> Read(const std::string& path) override;
  Status Replace(const std::string& path, std::string_view bytes) override;
  Result<std::vector<std::string>> List(const std::string& prefix) override;
  Status Remove(const std::string& path) override;
};

// One JSON object a line: {"time","level","event",...}; `descriptor` stays the caller's.
class JsonLinesLog final : public Log {
 public:
  JsonLinesLog(int descriptor, LogLevel least, Runtime& runtime)
      : descriptor_(descriptor), least_(least), runtime_(runtime) {}
  void Write(LogLevel level, std::string_view event, std::vector<LogField> fields) override;

 private:
  int descriptor_;
  LogLevel least_;
  Runtime& runtime_;
};

}  // namespace mg
