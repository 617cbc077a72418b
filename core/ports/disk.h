// Disk: what the outbox and backups write. Thread-safe for different paths.
// Errors: kNotFound, kUnavailable (the operating system's reason in the message).
#pragma once
#include <string>
#include <string_view>

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
  virtual Status Rename(const std::string& from, const std::string& to) = 0;
  virtual Status Remove(const std::string& path) = 0;  // absent is fine
};

}  // namespace mg
