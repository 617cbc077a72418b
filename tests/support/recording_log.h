// A Log for tests that keeps every line. Thread-safe.
#pragma once
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "core/ports/log.h"

namespace mg::test {

class RecordingLog final : public Log {
 public:
  struct Line {
    LogLevel level = LogLevel::kInfo;
    std::string event;
    std::vector<std::pair<std::string, std::variant<std::int64_t, std::string>>> fields;

    // A field as text; "" when absent.
    std::string Field(std::string_view name) const {
      for (const auto& [key, value] : fields) {
        if (key != name) continue;
        if (const auto* text = std::get_if<std::string>(&value)) return *text;
        return std::to_string(std::get<std::int64_t>(value));
      }
      return "";
    }
  };

  void Write(LogLevel level, std::string_view event, std::vector<LogField> fields) override {
    Line line{level, std::string(event), {}};
    for (auto& field : fields) line.fields.emplace_back(field.name, std::move(field.value));
    std::lock_guard lock(mutex_);
    lines_.push_back(std::move(line));
  }

  std::vector<Line> lines() const {
    std::lock_guard lock(mutex_);
    return lines_;
  }

  std::vector<Line> Events(std::string_view event) const {
    std::vector<Line> found;
    for (auto& line : lines()) {
      if (line.event == event) found.push_back(line);
    }
    return found;
  }

  // Everything in one text: to assert that something (a secret) is nowhere in it.
  std::string AllText() const {
    std::string all;
    for (const auto& line : lines()) {
      all += line.event;
      for (const auto& field : line.fields) {
        all += ' ' + field.first + '=' + line.Field(field.first);
      }
      all += '\n';
    }
    return all;
  }

 private:
  mutable std::mutex mutex_;
  std::vector<Line> lines_;
};

}  // namespace mg::test
