// The log of a world, kept for `log` steps and invariants. Thread-safe.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "core/ports/log.h"
#include "core/ports/runtime.h"

namespace mg::sim {

struct LogLine {
  WallTime at;
  LogLevel level = LogLevel::kInfo;
  std::string event;
  std::vector<LogField> fields;
};

class SimLog final : public Log {
 public:
  explicit SimLog(const Runtime& runtime) : runtime_(runtime) {}

  void Write(LogLevel level, std::string_view event, std::vector<LogField> fields) override {
    const Lock lock(mutex_);
    lines_.push_back({runtime_.Wall(), level, std::string(event), std::move(fields)});
  }
  std::vector<LogLine> lines() const {
    const Lock lock(mutex_);
    return lines_;
  }

 private:
  const Runtime& runtime_;
  mutable Mutex mutex_;
  std::vector<LogLine> lines_;
};

}  // namespace mg::sim
