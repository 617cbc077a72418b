#include "core/clients/d1.h"

#include <limits>
#include <optional>

#include "core/base/json.h"
#include "core/clients/call.h"
#include "core/http/message.h"

namespace mg {
namespace {

constexpr std::string_view kWhat = "D1 query";
constexpr std::size_t kMaxAnswerBytes = 64 * 1024 * 1024;

// D1 says these of itself, not of the SQL, with the code of an SQL error (wire/storage.md 3.3).
constexpr std::string_view kPlatformTexts[] = {
    "D1 DB reset because its code was updated",
    "Internal error while starting up D1 DB storage",
    "Internal error in D1 DB storage",
    "Network connection lost",
    "Cannot resolve D1 DB due to transient issue",
    "D1 DB is overloaded",
};

bool Contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

Error ErrorFor(int status, const V4Failure& failure) {
  Error error = V4ErrorFor(kWhat, status, failure);
  if (error.code != Code::kInvalid) return error;
  for (const std::string_view text : kPlatformTexts) {
    if (!Contains(failure.message, text)) continue;
    error.code = Code::kUnavailable;
    error.retryable = true;
    return error;
  }
  // Whether the code's name follows depends on the engine's build; the sentence always does.
  if (Contains(failure.message, ": SQLITE_CONSTRAINT") ||
      Contains(failure.message, " constraint failed")) {
    error.code = Code::kConflict;
  }
  return error;
}

Json ToJson(const D1Value& value) {
  if (const auto* integer = std::get_if<std::int64_t>(&value)) return *integer;
  if (const auto* real = std::get_if<double>(&value)) return *real;
  if (const auto* text = std::get_if<std::string>(&value)) return *text;
  return nullptr;
}

Json ToJson(const D1Statement& statement) {
  Json object = {{"sql", statement.sql}};
  if (statement.params.empty()) return object;
  Json params = Json::array();
  for (const D1Value& value : statement.params) params.push_back(ToJson(value));
  object["params"] = std::move(params);
  return object;
}

// A BLOB comes as an array of its bytes.
std::optional<D1Value> BlobFrom(const Json& array) {
  std::string bytes;
  bytes.reserve(array.size());
  for (const Json& item : array) {
    if (!item.is_number_unsigned() || item.get<std::uint64_t>() > 255) return std::nullopt;
    bytes.push_back(static_cast<char>(item.get<std::uint64_t>()));
  }
  return D1Value(std::move(bytes));
}

std::optional<D1Value> ValueFrom(const Json& json) {
  if (json.is_null()) return D1Value(nullptr);
  if (json.is_boolean()) return D1Value(std::int64_t{json.get<bool>() ? 1 : 0});
  if (json.is_number_unsigned()) {
    const auto number = json.get<std::uint64_t>();
    constexpr auto kMax = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
    if (number > kMax) return D1Value(static_cast<double>(number));
    return D1Value(static_cast<std::int64_t>(number));
  }
  if (json.is_number_integer()) return D1Value(json.get<std::int64_t>());
  if (json.is_number()) return D1Value(json.get<double>());
  if (json.is_string()) return D1Value(json.get<std::string>());
  if (json.is_array()) return BlobFrom(json);
  return std::nullopt;
}

std::optional<D1Row> RowFrom(const Json& json) {
  if (!json.is_object()) return std::nullopt;
  std::vector<std::pair<std::string, D1Value>> columns;
  columns.reserve(json.size());
  for (const auto& item : json.items()) {
    auto value = ValueFrom(item.value());
    if (!value) return std::nullopt;
    columns.emplace_back(item.key(), std::move(*value));
  }
  return D1Row(std::move(columns));
}

std::optional<D1Answer> AnswerFrom(const Json& json) {
  const Json* results = Find(json, "results");
  const Json* meta = Find(json, "meta");
  if (results == nullptr || !results->is_array() || meta == nullptr) return std::nullopt;
  D1Answer answer;
  answer.rows.reserve(results->size());
  for (const Json& item : *results) {
    auto row = RowFrom(item);
    if (!row) return std::nullopt;
    answer.rows.push_back(std::move(*row));
  }
  answer.changes = IntAt(*meta, "changes", 0);
  answer.last_row_id = IntAt(*meta, "last_row_id", 0);
  return answer;
}

Error Corrupt(std::string_view why) {
  return Error{Code::kCorrupt, std::string(kWhat) + ": " + std::string(why), false};
}

}  // namespace

std::string D1Row::Text(std::string_view column) const {
  for (const auto& entry : columns_) {
    if (entry.first != column) continue;
    const auto* text = std::get_if<std::string>(&entry.second);
    return text != nullptr ? *text : std::string();
  }
  return "";
}

std::int64_t D1Row::Int(std::string_view column, std::int64_t fallback) const {
  for (const auto& entry : columns_) {
    if (entry.first != column) continue;
    if (const auto* integer = std::get_if<std::int64_t>(&entry.second)) return *integer;
    const auto* real = std::get_if<double>(&entry.second);
    constexpr double kBound = 9.2e18;  // what surely fits
    if (real != nullptr && *real > -kBound && *real < kBound) {
      return static_cast<std::int64_t>(*real);
    }
    return fallback;
  }
  return fallback;
}

bool D1Row::IsNull(std::string_view column) const {
  for (const auto& entry : columns_) {
    if (entry.first == column) return std::holds_alternative<std::nullptr_t>(entry.second);
  }
  return true;
}

D1Client::D1Client(Transport& transport, Runtime& runtime, D1Binding binding)
    : transport_(transport), runtime_(runtime), binding_(std::move(binding)) {}

Result<std::vector<D1Answer>> D1Client::Call(std::string body, CancelToken& cancel) {
  const std::string path =
      "/accounts/" + binding_.account_id + "/d1/database/" + binding_.database_id + "/query";
  V4Call call;
  call.what = kWhat;
  call.method = "POST";
  call.api_base = binding_.api_base;
  call.path = path;
  call.api_token = binding_.api_token;
  call.content_type = "application/json";
  call.body = std::move(body);
  call.limit_ms = kD1CallMs;
  call.answer_limit_bytes = kMaxAnswerBytes;
  MG_TRY(response, SendV4(transport_, runtime_, std::move(call), cancel));
  const std::string& text = response.body.bytes();
  if (response.status != 200) return ErrorFor(response.status, ReadV4Failure(text));
  MG_TRY(result, ReadV4Result(kWhat, text));
  if (!result.is_array()) return Corrupt("the result is not an array");
  std::vector<D1Answer> answers;
  answers.reserve(result.size());
  for (const Json& item : result) {
    auto answer = AnswerFrom(item);
    if (!answer) return Corrupt("an item of the result is malformed");
    answers.push_back(std::move(*answer));
  }
  return answers;
}

Result<D1Answer> D1Client::Query(const D1Statement& statement, CancelToken& cancel) {
  MG_TRY(answers, Call(DumpJson(ToJson(statement)), cancel));
  if (answers.size() != 1) return Corrupt("not one answer for one statement");
  return std::move(answers.front());
}

Result<std::vector<D1Answer>> D1Client::Batch(const std::vector<D1Statement>& statements,
                                              CancelToken& cancel) {
  if (statements.empty()) return std::vector<D1Answer>();
  Json batch = Json::array();
  for (const D1Statement& statement : statements) batch.push_back(ToJson(statement));
  MG_TRY(answers, Call(DumpJson(Json{{"batch", std::move(batch)}}), cancel));
  if (answers.size() != statements.size()) return Corrupt("not one answer for each statement");
  return std::move(answers);
}

Status D1Client::Execute(std::string_view sql, CancelToken& cancel) {
  MG_TRY(answers, Call(DumpJson(Json{{"sql", sql}}), cancel));
  static_cast<void>(answers);
  return Ok();
}

}  // namespace mg
