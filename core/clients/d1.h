// D1 over the v4 REST API's /query (wire/storage.md 3.2). One call is one transaction.
//
// Thread-safety: all members. Time: each call has a deadline of its own (kD1CallMs).
// Errors: as Transport, and kUnauthenticated, kDenied, kExhausted (429, retryable), kUnavailable,
//   kConflict (a constraint refused it; the message names it), kInvalid (other SQL errors),
//   kCorrupt.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "core/base/result.h"
#include "core/config/settings.h"
#include "core/ports/transport.h"

namespace mg {

inline constexpr std::int64_t kD1CallMs = 10'000;

// Numbers are bound as REAL by the service: use them for columns of INTEGER affinity only.
using D1Value = std::variant<std::nullptr_t, std::int64_t, double, std::string>;

struct D1Statement {
  std::string sql;
  std::vector<D1Value> params;  // at most 100
};

class D1Row {
 public:
  explicit D1Row(std::vector<std::pair<std::string, D1Value>> columns)
      : columns_(std::move(columns)) {}
  std::string Text(std::string_view column) const;  // "" when absent, null or not text
  std::int64_t Int(std::string_view column, std::int64_t fallback = 0) const;
  bool IsNull(std::string_view column) const;
  const std::vector<std::pair<std::string, D1Value>>& columns() const { return columns_; }

 private:
  std::vector<std::pair<std::string, D1Value>> columns_;
};

struct D1Answer {
  std::vector<D1Row> rows;
  std::int64_t changes = 0;
  std::int64_t last_row_id = 0;
};

class D1Client {
 public:
  D1Client(Transport& transport, Runtime& runtime, D1Binding binding);

  Result<D1Answer> Query(const D1Statement& statement, CancelToken& cancel);
  // All or none. One answer a statement, in order.
  Result<std::vector<D1Answer>> Batch(const std::vector<D1Statement>& statements,
                                      CancelToken& cancel);
  // Several ';'-joined statements without parameters, all or none (migrations).
  Status Execute(std::string_view sql, CancelToken& cancel);

 private:
  Result<std::vector<D1Answer>> Call(std::string body, CancelToken& cancel);

  Transport& transport_;
  Runtime& runtime_;
  D1Binding binding_;
};

}  // namespace mg
