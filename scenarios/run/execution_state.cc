#include <algorithm>

#include "core/base/bytes.h"
#include "core/base/json.h"
#include "core/clients/d1.h"
#include "core/clients/kv.h"
#include "core/clients/r2.h"
#include "scenarios/run/execution.h"
#include "scenarios/run/match_operators.h"
#include "scenarios/run/options.h"

namespace mg::scenario {
namespace {

D1Value ParamOf(const Json& value) {
  if (value.is_null()) return nullptr;
  if (value.is_boolean()) return std::int64_t{value.get<bool>() ? 1 : 0};
  if (value.is_number_integer()) return value.get<std::int64_t>();
  if (value.is_number()) return value.get<double>();
  if (value.is_string()) return value.get<std::string>();
  return DumpJson(value);
}

Json JsonOf(const D1Row& row) {
  Json json = Json::object();
  for (const auto& [name, value] : row.columns())
    std::visit([&json, &name = name](const auto& held) { json[name] = held; }, value);
  return json;
}

Json TextOrNull(const std::optional<std::string>& value) {
  return value ? Json(*value) : Json(nullptr);
}

Error NotThere(const char* binding) {
  return {Code::kInvalid, std::string(binding) + " is not configured on this target"};
}

std::string_view LevelWord(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug:
      return "debug";
    case LogLevel::kInfo:
      return "info";
    case LogLevel::kWarn:
      return "warn";
    case LogLevel::kError:
      return "error";
  }
  return "";
}

Json JsonOf(const sim::LogLine& line) {
  Json json{{"event", line.event}, {"level", LevelWord(line.level)}};
  for (const LogField& field : line.fields)
    std::visit([&json, &field](const auto& held) { json[std::string(field.name)] = held; },
               field.value);
  return json;
}

}  // namespace

Result<Json> Execution::RowsOf(const JsoncNode& query) {
  const Probes probes = target_.probes();
  if (!probes.bindings.db) return NotThere("TENANT_DB");
  D1Statement statement;
  {
    const Lock lock(mutex_);
    const JsoncNode& sql = *query.Find("sql");
    if (sql.kind == JsoncNode::Kind::kArray) {
      for (const JsoncNode& line : sql.items) statement.sql += line.text + "\n";
    } else {
      MG_TRY(text, ResolveText(sql, variables_));
      statement.sql = text;
    }
    if (const JsoncNode* params = query.Find("params")) {
      MG_TRY(values, Resolve(*params, variables_));
      for (const Json& value : values) statement.params.push_back(ParamOf(value));
    }
  }
  D1Client db(*probes.transport, target_.runtime(), *probes.bindings.db);
  CancelToken nobody;
  MG_TRY(answer, db.Query(statement, nobody));
  Json rows = Json::array();
  for (const D1Row& row : answer.rows) rows.push_back(JsonOf(row));
  return rows;
}

Execution::Checked Execution::DoQuery(const Step& step) {
  MG_TRY(rows, RowsOf(*step.action));
  const Json actual{{"rows", rows}, {"count", rows.size()}};
  if (step.expect != nullptr) {
    if (auto wrong = Compare(*step.expect, actual, "row-mismatch", "rows")) {
      wrong->notes.push_back("the rows: " + Shown(rows));
      return wrong;
    }
  }
  MG_RETURN_IF_ERROR(Capture(step, actual));
  return std::optional<Failure>();
}

// What reads leaves, as {"value", "json", "keys"}; a write leaves an empty object.
Result<Json> Execution::KvValue(const JsoncNode& action) {
  const Probes probes = target_.probes();
  if (!probes.bindings.kv) return NotThere("TENANT_KV");
  KvClient kv(*probes.transport, target_.runtime(), *probes.bindings.kv);
  CancelToken nobody;
  Variables variables;
  {
    const Lock lock(mutex_);
    variables = variables_;
  }
  if (const JsoncNode* put = action.Find("put")) {
    MG_TRY(key, ResolveText(*put, variables));
    MG_TRY(value, Resolve(*action.Find("value"), variables));
    const JsoncNode* ttl = action.Find("ttl");
    const Nanos lasts = ttl == nullptr ? Nanos::zero() : DurationOf(ttl->text).value_or(Nanos{});
    MG_RETURN_IF_ERROR(kv.Put(key, value.is_string() ? value.get<std::string>() : DumpJson(value),
                              std::chrono::duration_cast<std::chrono::seconds>(lasts).count(),
                              nobody));
    return Json::object();
  }
  if (const JsoncNode* removed = action.Find("delete")) {
    MG_TRY(key, ResolveText(*removed, variables));
    MG_RETURN_IF_ERROR(kv.Delete(key, nobody));
    return Json::object();
  }
  MG_TRY(key, ResolveText(*action.Find("get"), variables));
  MG_TRY(value, kv.Get(key, nobody));
  Json read{{"value", TextOrNull(value)}};
  if (auto json = ParseJson(value.value_or("")); json) read["json"] = *json;
  return read;
}

Execution::Checked Execution::DoKv(const Step& step) {
  MG_TRY(actual, KvValue(*step.action));
  if (step.expect != nullptr)
    if (auto wrong = Compare(*step.expect, actual, "value-mismatch", "value")) return wrong;
  MG_RETURN_IF_ERROR(Capture(step, actual));
  return std::optional<Failure>();
}

Result<Json> Execution::ObjectValue(const JsoncNode& action) {
  const Probes probes = target_.probes();
  if (!probes.bindings.bucket) return NotThere("MOLTBOT_BUCKET");
  R2Client bucket(*probes.transport, target_.runtime(), *probes.bindings.bucket);
  CancelToken nobody;
  Variables variables;
  {
    const Lock lock(mutex_);
    variables = variables_;
  }
  if (const JsoncNode* put = action.Find("put")) {
    MG_TRY(key, ResolveText(*put, variables));
    MG_TRY(text, ResolveText(*action.Find("text"), variables));
    MG_TRY(written, bucket.Put(key, text, nobody));
    return Json{{"etag", written.etag}};
  }
  if (const JsoncNode* removed = action.Find("delete")) {
    MG_TRY(key, ResolveText(*removed, variables));
    MG_RETURN_IF_ERROR(bucket.Delete(key, nobody));
    return Json::object();
  }
  MG_TRY(key, ResolveText(*action.Find("get"), variables));
  MG_TRY(text, bucket.Get(key, nobody));
  return Json{{"text", TextOrNull(text)}, {"present", text.has_value()}};
}

Execution::Checked Execution::DoObject(const Step& step) {
  MG_TRY(actual, ObjectValue(*step.action));
  if (step.expect != nullptr)
    if (auto wrong = Compare(*step.expect, actual, "object-mismatch", "object")) return wrong;
  MG_RETURN_IF_ERROR(Capture(step, actual));
  return std::optional<Failure>();
}

// {"count", "lines"} of the event whose fields are as `where` says.
Result<Json> Execution::LogLines(const JsoncNode& log) {
  const JsoncNode* where = log.Find("where");
  Json lines = Json::array();
  const std::vector<sim::LogLine> written = target_.Log();
  const Lock lock(mutex_);
  MG_TRY(event, ResolveText(*log.Find("event"), variables_));
  for (const sim::LogLine& line : written) {
    if (line.event != event) continue;
    Json json = JsonOf(line);
    if (where != nullptr && !Match(*where, json, variables_, target_.Lateness()).empty()) continue;
    lines.push_back(std::move(json));
  }
  return Json{{"count", lines.size()}, {"lines", std::move(lines)}};
}

Execution::Checked Execution::DoLog(const Step& step) {
  MG_TRY(actual, LogLines(*step.action));
  if (step.expect != nullptr) {
    if (auto wrong = Compare(*step.expect, actual, "log-mismatch", "log")) {
      wrong->notes.push_back("the lines: " + Shown(actual["lines"]));
      return wrong;
    }
  }
  MG_RETURN_IF_ERROR(Capture(step, actual));
  return std::optional<Failure>();
}

// The journal's entries of an operation, in the order in which the calls began.
Result<Json> Execution::Calls(const std::string& operation, const std::string& tenant) {
  MG_TRY(journal, target_.Journal());
  Json list = Json::array();
  for (const fake::JournalEntry& entry : journal) {
    if (!MatchesWildcard(operation, entry.operation)) continue;
    if (!tenant.empty() && entry.tenant != tenant) continue;
    MG_TRY(json, ParseJson(fake::JournalEntryJson(entry)));
    list.push_back(std::move(json));
  }
  return list;
}

Execution::Checked Execution::DoCalls(const Step& step) {
  std::string operation, tenant;
  {
    const Lock lock(mutex_);
    MG_TRY(on, ResolveText(*step.action->Find("on"), variables_));
    operation = on;
    if (const JsoncNode* of = step.action->Find("tenant")) {
      MG_TRY(alias, ResolveText(*of, variables_));
      const Json* sandbox_id = variables_.Find(alias + ".sandbox_id");
      tenant = sandbox_id == nullptr ? alias : sandbox_id->get<std::string>();
    }
  }
  MG_TRY(list, Calls(operation, tenant));
  const Json actual{{"count", list.size()}, {"list", list}};
  if (step.expect != nullptr) {
    if (auto wrong = Compare(*step.expect, actual, "calls-mismatch", operation)) {
      wrong->notes.push_back("the calls: " + Shown(list));
      return wrong;
    }
  }
  MG_RETURN_IF_ERROR(Capture(step, actual));
  return std::optional<Failure>();
}

Execution::Checked Execution::DoRecover(const Step& step) {
  if (step.action->kind == JsoncNode::Kind::kArray) {
    for (const JsoncNode& id : step.action->items) MG_RETURN_IF_ERROR(target_.RemoveFault(id.text));
    return std::optional<Failure>();
  }
  for (const auto& [id, node] : faults_) MG_RETURN_IF_ERROR(target_.RemoveFault(id));
  return std::optional<Failure>();
}

Execution::Checked Execution::DoStart(const Step& step) {
  TargetOptions options;
  {
    const Lock lock(mutex_);
    MG_RETURN_IF_ERROR(ReadSettings(*step.action, variables_, options));
  }
  MG_TRY(attempt, target_.TryStart(options));
  Json names = Json::array();
  for (const std::string_view line : Split(attempt.text, '\n'))
    if (!line.empty()) names.push_back(line.substr(0, line.find_first_of(": ")));
  const Json actual{{"refused", attempt.refused}, {"text", attempt.text}, {"names", names}};
  if (step.expect == nullptr) return std::optional<Failure>();
  return Compare(*step.expect, actual, "start-mismatch", "start");
}

// "status" and "headers" of the first answer among the bytes, as far as they can be read as such.
Execution::Checked Execution::DoRaw(const Step& step) {
  std::string bytes;
  {
    const Lock lock(mutex_);
    if (const JsoncNode* base64 = step.action->Find("base64")) {
      MG_TRY(text, ResolveText(*base64, variables_));
      bytes = Base64Decode(text).value_or("");
    } else {
      const JsoncNode& send = *step.action->Find("send");
      if (send.kind != JsoncNode::Kind::kArray) {
        MG_TRY(text, ResolveText(send, variables_));
        bytes = text;
      }
      for (const JsoncNode& line : send.items) {
        MG_TRY(text, ResolveText(line, variables_));
        bytes += text + "\r\n";
      }
    }
  }
  MG_TRY(answer, target_.SendBytes(bytes));
  Json actual{{"text", answer.bytes}, {"closed", answer.closed}, {"headers", Json::object()}};
  const std::string_view head =
      std::string_view(answer.bytes).substr(0, answer.bytes.find("\r\n\r\n"));
  for (const std::string_view line : Split(head, '\n')) {
    const std::size_t colon = line.find(':');
    if (line.substr(0, 5) == "HTTP/" && line.size() >= 12) {
      actual["status"] = ParseInt(line.substr(9, 3)).value_or(0);
    } else if (colon != std::string_view::npos) {
      actual["headers"][AsciiLower(line.substr(0, colon))] = TrimSpace(line.substr(colon + 1));
    }
  }
  if (step.expect == nullptr) return std::optional<Failure>();
  return Compare(*step.expect, actual, "answer-mismatch", "raw");
}

}  // namespace mg::scenario
