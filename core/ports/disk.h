// Disk: what the outbox and backups write. Thread-safe, but for two writes of one path at the same
// time. Errors: kNotFound, kUnavailable (the operating system's reason in the message).
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"

namespace mg {

class Disk {
 public:
  virtual ~Disk() = default;
  virtual Status Append(const std::string& path,
                        std::string_view bytes) = 0;  // creates it, mode 0600
  virtual Status Sync(
      const std::string& path) = 0;  // what was appended before survives a power cut
  virtual Result<std::string> Read(const std::string& path) = 0;
  virtual Status Replace(const std::string& path,
                         std::string_view bytes) = 0;  // whole or not at all, mode 0600
  // The files whose path begins so, in the order of their bytes; none when the folder is absent.
  virtual Result<std::vector<std::string>> List(const std::string& prefix) = 0;
  virtual Status Remove(const std::string& path) = 0;  // absent is fine
};

}  // namespace mg
