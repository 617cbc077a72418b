// Structured log (OPS-2): one event a line. Thread-safe. Never a secret, token, cookie, prompt or
// answer text.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace mg {

enum class LogLevel { kDebug, kInfo, kWarn, kError };

struct LogField {
  std::string_view name;  // a literal
  std::variant<std::int64_t, std::string> value;
};

class Log {
 public:
  virtual ~Log() = default;
  // `event` is snake_case and stable: tools search for it.
  virtual void Write(LogLevel level, std::string_view event, std::vector<LogField> fields) = 0;
};

}  // namespace mg
