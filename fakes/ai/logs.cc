#include "fakes/ai/logs.h"

#include <stdexcept>

#include "fakes/ai/control_knobs.h"
#include "fakes/ai/log_columns.h"

namespace mg::fake {
namespace {

// The payloads come last: a list then reads none of their overflow pages. A row is evidence, not
// money: it may be lost with the power, so nobody waits for the disk.
constexpr const char* kSchema =
    "PRAGMA synchronous=OFF;"
    "CREATE TABLE IF NOT EXISTS logs("
    "  seq INTEGER PRIMARY KEY AUTOINCREMENT, gateway TEXT NOT NULL, id TEXT NOT NULL,"
    "  created_at INTEGER NOT NULL, visible_at INTEGER NOT NULL, duration INTEGER NOT NULL,"
    "  provider TEXT NOT NULL, model TEXT NOT NULL, model_type TEXT NOT NULL, path TEXT NOT NULL,"
    "  request_type TEXT NOT NULL, request_content_type TEXT NOT NULL,"
    "  response_content_type TEXT NOT NULL, status_code INTEGER NOT NULL, step INTEGER NOT NULL,"
    "  success INTEGER NOT NULL, cached INTEGER NOT NULL, custom_cost INTEGER NOT NULL,"
    "  authentication INTEGER NOT NULL, compatibility INTEGER NOT NULL,"
    "  wholesale INTEGER NOT NULL DEFAULT 0, cost INTEGER NOT NULL, tokens_in INTEGER NOT NULL,"
    "  tokens_out INTEGER NOT NULL, metadata TEXT, event_id TEXT NOT NULL, dlp_action TEXT NOT "
    "NULL,"
    "  user_agent TEXT NOT NULL, request_bytes INTEGER NOT NULL, response_bytes INTEGER NOT NULL,"
    "  feedback INTEGER, score TEXT, request BLOB, response BLOB);"
    "CREATE UNIQUE INDEX IF NOT EXISTS logs_by_id ON logs(gateway, id);"
    "CREATE INDEX IF NOT EXISTS logs_by_time ON logs(gateway, created_at);";

constexpr const char* kRanges =
    "SELECT min(cost), max(cost), min(duration), max(duration), min(tokens_in), max(tokens_in),"
    " min(tokens_out), max(tokens_out), min(tokens_in + tokens_out), max(tokens_in + tokens_out)";
constexpr const char* kSeen = " FROM logs WHERE gateway = ? AND visible_at <= ? AND ";

Database& WithSchema(Database& db) {
  if (db.Execute(kSchema) != SQLITE_OK)
    throw std::runtime_error("cannot make the log store: " + db.Message());
  return db;
}

}  // namespace

struct AiLogs::Statements {
  explicit Statements(Database& db)
      : insert(WithSchema(db), AiLogInsertSql()),
        drop_oldest(db,
                    "DELETE FROM logs WHERE seq = (SELECT seq FROM logs WHERE gateway = ?1"
                    " ORDER BY created_at, seq LIMIT 1)"),
        drop_payload(db, "UPDATE logs SET request = NULL, response = NULL WHERE seq = ?1") {}

  Statement insert, drop_oldest, drop_payload;
};

AiLogs::AiLogs(const std::string& path, Runtime& runtime)
    : runtime_(runtime), db_(path), statements_(std::make_unique<Statements>(db_)) {
  Recount();
}
AiLogs::~AiLogs() = default;

// What is held in memory beside the table.
void AiLogs::Recount() {
  rows_of_.clear();
  payloads_.clear();
  payload_bytes_ = 0;
  Statement counts(db_, "SELECT gateway, count(*) FROM logs GROUP BY gateway");
  while (counts.Step() == SQLITE_ROW) rows_of_[counts.Text(0)] = counts.Int(1);
  Statement sizes(db_,
                  "SELECT seq, COALESCE(length(request), 0) + COALESCE(length(response), 0)"
                  " FROM logs WHERE request IS NOT NULL OR response IS NOT NULL ORDER BY seq");
  while (sizes.Step() == SQLITE_ROW)
    KeepPayload(sizes.Int(0), static_cast<std::size_t>(sizes.Int(1)));
}

void AiLogs::KeepPayload(std::int64_t seq, std::size_t bytes) {
  payloads_.emplace_back(seq, bytes);
  payload_bytes_ += bytes;
  while (payload_bytes_ > kPayloadBytes) {
    const Rewound rewound(statements_->drop_payload);
    statements_->drop_payload.BindInt(1, payloads_.front().first);
    statements_->drop_payload.Step();
    payload_bytes_ -= payloads_.front().second;
    payloads_.pop_front();
  }
}

// False when the gateway keeps no more rows.
bool AiLogs::MakeRoom(const AiGatewayConfig& gateway) {
  std::int64_t& rows = rows_of_[gateway.id];
  if (rows < gateway.most_log_rows) return true;
  if (!gateway.deletes_oldest_log) return false;
  Statement& drop = statements_->drop_oldest;
  while (rows >= gateway.most_log_rows) {
    const Rewound rewound(drop);
    drop.BindText(1, gateway.id);
    if (drop.Step() != SQLITE_DONE) return false;
    --rows;
  }
  return true;
}

bool AiLogs::Append(const AiGatewayConfig& gateway, const AiLogRow& row, std::int64_t lag_ms) {
  if (row.request_bytes + row.response_bytes > static_cast<std::int64_t>(kMaxLogRowBytes))
    return false;
  Lock lock(mutex_);
  if (!MakeRoom(gateway)) return false;
  const Rewound rewound(statements_->insert);
  BindAiLogRow(statements_->insert, gateway.id, runtime_.Wall().ms + lag_ms, row);
  if (statements_->insert.Step() != SQLITE_DONE) return false;
  ++rows_of_[gateway.id];
  const std::size_t bytes = row.request.value_or("").size() + row.response.value_or("").size();
  if (bytes > 0) KeepPayload(sqlite3_last_insert_rowid(db_.handle()), bytes);
  return true;
}

void AiLogs::Bind(Statement& statement, std::string_view gateway, const AiLogWhere& where) {
  statement.BindText(1, gateway);
  statement.BindInt(2, runtime_.Wall().ms);
  AiLogBinder binder(statement, 3);
  for (const AiLogValue& value : where.values) {
    if (const auto* number = std::get_if<std::int64_t>(&value)) {
      binder << *number;
    } else {
      binder << std::string_view(std::get<std::string>(value));
    }
  }
}

std::optional<std::vector<AiLogPage::Range>> AiLogs::Ranges(std::string_view gateway,
                                                            const AiLogWhere& where) {
  Statement ranges(db_, std::string(kRanges) + kSeen + where.sql);
  Bind(ranges, gateway, where);
  if (ranges.Step() != SQLITE_ROW) return std::nullopt;
  std::vector<AiLogPage::Range> found;
  for (int i = 0; i < static_cast<int>(kLogRanges); ++i)
    found.push_back({ranges.Int(2 * i), ranges.Int(2 * i + 1)});
  return found;
}

std::optional<AiLogPage> AiLogs::List(std::string_view gateway, const AiLogQuery& query) {
  const std::string direction = query.ascending ? " ASC" : " DESC";
  Lock lock(mutex_);
  Statement count(db_, std::string("SELECT count(*)") + kSeen + query.where.sql);
  Bind(count, gateway, query.where);
  if (count.Step() != SQLITE_ROW) return std::nullopt;
  AiLogPage page;
  page.total = count.Int(0);
  Statement rows(db_, std::string("SELECT ") + kAiLogColumns + kSeen + query.where.sql +
                          " ORDER BY " + query.order + direction + ", seq" + direction + " LIMIT " +
                          std::to_string(query.per_page) + " OFFSET " +
                          std::to_string((query.page - 1) * query.per_page));
  Bind(rows, gateway, query.where);
  int code = SQLITE_OK;
  while ((code = rows.Step()) == SQLITE_ROW) page.rows.push_back(AiLogRowOf(rows));
  if (code != SQLITE_DONE) return std::nullopt;
  if (!query.meta_info) return page;
  auto ranges = Ranges(gateway, query.where);
  if (!ranges) return std::nullopt;
  page.ranges = std::move(*ranges);
  return page;
}

std::optional<AiLogRow> AiLogs::Get(std::string_view gateway, std::string_view id) {
  Lock lock(mutex_);
  Statement one(db_,
                std::string("SELECT ") + kAiLogColumns + ", request, response" + kSeen + "id = ?");
  Bind(one, gateway, {"", {std::string(id)}});
  if (one.Step() != SQLITE_ROW) return std::nullopt;
  AiLogRow row = AiLogRowOf(one);
  if (!one.IsNull(kAiLogPayloadColumn)) row.request = one.Text(kAiLogPayloadColumn);
  if (!one.IsNull(kAiLogPayloadColumn + 1)) row.response = one.Text(kAiLogPayloadColumn + 1);
  return row;
}

bool AiLogs::Change(std::string_view gateway, std::string_view id, const AiLogChange& change) {
  std::string sets;
  const auto add = [&](bool wanted, const char* set) {
    if (wanted) sets.append(sets.empty() ? "" : ", ").append(set);
  };
  add(change.feedback.has_value(), "feedback = ?");
  add(change.score.has_value(), "score = ?");
  add(change.metadata_json.has_value(), "metadata = ?");
  if (sets.empty()) return Get(gateway, id).has_value();
  Lock lock(mutex_);
  Statement update(db_,
                   "UPDATE logs SET " + sets + " WHERE gateway = ? AND id = ? AND visible_at <= ?");
  AiLogBinder binder(update);
  if (change.feedback) binder << *change.feedback;
  if (change.score) binder << *change.score;
  if (change.metadata_json) binder << *change.metadata_json;
  binder << gateway << id << runtime_.Wall().ms;
  return update.Step() == SQLITE_DONE && sqlite3_changes(db_.handle()) == 1;
}

bool AiLogs::Delete(std::string_view gateway, const AiLogQuery& query) {
  const std::string direction = query.ascending ? " ASC" : " DESC";
  Lock lock(mutex_);
  Statement gone(db_, std::string("DELETE FROM logs WHERE seq IN (SELECT seq") + kSeen +
                          query.where.sql + " ORDER BY " + query.order + direction + ", seq" +
                          direction + " LIMIT " +
                          std::to_string(query.limit == 0 ? -1 : query.limit) + ")");
  Bind(gone, gateway, query.where);
  const bool done = gone.Step() == SQLITE_DONE;
  Recount();
  return done;
}

void AiLogs::Forget(std::string_view gateway) {
  Lock lock(mutex_);
  {
    Statement gone(db_, "DELETE FROM logs WHERE gateway = ?1");
    gone.BindText(1, gateway);
    gone.Step();
  }
  Recount();
}

void AiLogs::Reset() {
  Lock lock(mutex_);
  db_.Execute("DELETE FROM logs");
  Recount();
}

}  // namespace mg::fake
