// How a log row stands in the table `logs`: the order of its columns, for writing and reading.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "fakes/ai/log_row.h"
#include "fakes/sqlite.h"

namespace mg::fake {

// Binds one value after the other.
class AiLogBinder {
 public:
  explicit AiLogBinder(Statement& statement, int next = 1) : statement_(statement), next_(next) {}
  AiLogBinder& operator<<(std::string_view text) {
    statement_.BindText(next_++, text);
    return *this;
  }
  AiLogBinder& operator<<(const std::string& text) { return *this << std::string_view(text); }
  AiLogBinder& operator<<(std::int64_t number) {
    statement_.BindInt(next_++, number);
    return *this;
  }
  AiLogBinder& operator<<(const std::optional<std::int64_t>& number) {
    if (number) return *this << *number;
    statement_.BindNull(next_++);
    return *this;
  }
  AiLogBinder& operator<<(const std::optional<std::string>& text) {
    if (text) return *this << std::string_view(*text);
    statement_.BindNull(next_++);
    return *this;
  }

 private:
  Statement& statement_;
  int next_;
};

// All columns of a row but its payloads, with commas.
extern const char* const kAiLogColumns;
inline constexpr int kAiLogPayloadColumn = 28;  // from 0, when "request, response" follow those

std::string AiLogInsertSql();
void BindAiLogRow(Statement& insert, std::string_view gateway, std::int64_t visible_ms,
                  const AiLogRow& row);
AiLogRow AiLogRowOf(const Statement& statement);  // of a SELECT of kAiLogColumns

}  // namespace mg::fake
