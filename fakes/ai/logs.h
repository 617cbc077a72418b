// The gateways' log rows on SQLite: what each request was, what it cost, and its payloads
// (wire/ai-gateway.md 6). A row can be read a while after it was written.
//
// Thread-safety: all members. Time: the Runtime's wall clock. Bounded: rows by each gateway's cap,
// payloads of all rows by kPayloadBytes; the oldest go first.
#pragma once
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/ports/runtime.h"
#include "fakes/ai/gateway_config.h"
#include "fakes/ai/log_query.h"
#include "fakes/ai/log_row.h"
#include "fakes/sqlite.h"

namespace mg::fake {

struct AiLogPage {
  std::vector<AiLogRow> rows;  // without payloads
  std::int64_t total = 0;      // on all pages
  // Of all of them, when meta_info was asked for: cost in picodollars, duration, tokens_in,
  // tokens_out, both together.
  struct Range {
    std::int64_t least = 0, most = 0;
  };
  std::vector<Range> ranges;
};
inline constexpr std::size_t kLogRanges = 5;

struct AiLogChange {
  std::optional<std::optional<std::int64_t>> feedback;  // the inner one: null
  std::optional<std::optional<std::string>> score;      // a JSON number
  std::optional<std::optional<std::string>> metadata_json;
};

class AiLogs {
 public:
  // `path` empty: in memory. Throws std::runtime_error when it cannot open.
  AiLogs(const std::string& path, Runtime& runtime);
  ~AiLogs();

  // False when it was not kept: the gateway is at its cap and stops there, or the row is too large.
  bool Append(const AiGatewayConfig& gateway, const AiLogRow& row, std::int64_t lag_ms);

  std::optional<AiLogPage> List(std::string_view gateway, const AiLogQuery& query);  // none: failed
  std::optional<AiLogRow> Get(std::string_view gateway, std::string_view id);  // with payloads
  bool Change(std::string_view gateway, std::string_view id, const AiLogChange& change);
  bool Delete(std::string_view gateway, const AiLogQuery& query);
  void Forget(std::string_view gateway);  // all of its rows
  void Reset();

 private:
  struct Statements;

  bool MakeRoom(const AiGatewayConfig& gateway);
  void KeepPayload(std::int64_t seq, std::size_t bytes);
  void Recount();
  void Bind(Statement& statement, std::string_view gateway, const AiLogWhere& where);
  std::optional<std::vector<AiLogPage::Range>> Ranges(std::string_view gateway,
                                                      const AiLogWhere& where);

  Runtime& runtime_;
  Mutex mutex_;
  Database db_;
  std::unique_ptr<Statements> statements_;
  std::map<std::string, std::int64_t, std::less<>> rows_of_;   // gateway: rows
  std::deque<std::pair<std::int64_t, std::size_t>> payloads_;  // seq and bytes, oldest first
  std::size_t payload_bytes_ = 0;
};

}  // namespace mg::fake
