#include "fakes/ai/log_columns.h"

namespace mg::fake {
namespace {

class RowReader {
 public:
  explicit RowReader(const Statement& row) : row_(row) {}
  RowReader& operator>>(std::string& text) {
    text = row_.Text(next_++);
    return *this;
  }
  RowReader& operator>>(std::int64_t& number) {
    number = row_.Int(next_++);
    return *this;
  }
  RowReader& operator>>(bool& flag) {
    flag = row_.Int(next_++) != 0;
    return *this;
  }
  RowReader& operator>>(std::optional<std::int64_t>& number) {
    if (!row_.IsNull(next_)) number = row_.Int(next_);
    ++next_;
    return *this;
  }
  RowReader& operator>>(std::optional<std::string>& text) {
    if (!row_.IsNull(next_)) text = row_.Text(next_);
    ++next_;
    return *this;
  }

 private:
  const Statement& row_;
  int next_ = 0;
};

std::optional<std::string> KeptMetadata(const AiLogRow& row) {
  if (row.metadata_json.empty() || row.metadata_json == "null") return std::nullopt;
  return row.metadata_json;
}

}  // namespace

const char* const kAiLogColumns =
    "id, created_at, duration, provider, model, model_type, path, request_type,"
    " request_content_type, response_content_type, status_code, step, success, cached,"
    " custom_cost, authentication, compatibility, cost, tokens_in, tokens_out, metadata,"
    " event_id, dlp_action, user_agent, request_bytes, response_bytes, feedback, score";

std::string AiLogInsertSql() {
  std::string sql = "INSERT INTO logs(gateway, visible_at, ";
  sql.append(kAiLogColumns).append(", request, response) VALUES(?");
  for (int i = 0; i < kAiLogPayloadColumn + 3; ++i) sql += ", ?";
  return sql + ")";
}

void BindAiLogRow(Statement& insert, std::string_view gateway, std::int64_t visible_ms,
                  const AiLogRow& row) {
  AiLogBinder(insert) << gateway << visible_ms << row.id << row.created_ms << row.duration_ms
                      << row.provider << row.model << row.model_type << row.path << row.request_type
                      << row.request_content_type << row.response_content_type << row.status_code
                      << row.step << std::int64_t{row.success} << std::int64_t{row.cached}
                      << std::int64_t{row.custom_cost} << std::int64_t{row.authentication}
                      << std::int64_t{row.compatibility} << row.cost_picodollars << row.tokens_in
                      << row.tokens_out << KeptMetadata(row) << row.event_id << row.dlp_action
                      << row.user_agent << row.request_bytes << row.response_bytes << row.feedback
                      << row.score << row.request << row.response;
}

AiLogRow AiLogRowOf(const Statement& statement) {
  AiLogRow row;
  RowReader(statement) >> row.id >> row.created_ms >> row.duration_ms >> row.provider >>
      row.model >> row.model_type >> row.path >> row.request_type >> row.request_content_type >>
      row.response_content_type >> row.status_code >> row.step >> row.success >> row.cached >>
      row.custom_cost >> row.authentication >> row.compatibility >> row.cost_picodollars >>
      row.tokens_in >> row.tokens_out >> row.metadata_json >> row.event_id >> row.dlp_action >>
      row.user_agent >> row.request_bytes >> row.response_bytes >> row.feedback >> row.score;
  return row;
}

}  // namespace mg::fake
