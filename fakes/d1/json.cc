#include "fakes/d1/json.h"

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <utility>

#include "core/base/json.h"

namespace mg::fake::d1 {
namespace {

// Beyond it a JavaScript number is no longer every integer.
constexpr std::int64_t kMaxSafeInteger = 9'007'199'254'740'992;  // 2^53

std::optional<Value> ReadBlob(const Json& array) {
  Blob blob;
  blob.bytes.reserve(array.size());
  for (const Json& item : array) {
    if (!item.is_number_unsigned() || item.get<std::uint64_t>() > 255) return std::nullopt;
    blob.bytes.push_back(static_cast<char>(item.get<std::uint64_t>()));
  }
  return Value(std::move(blob));
}

std::optional<Value> ReadParam(const Json& json) {
  if (json.is_null()) return Value(nullptr);
  if (json.is_boolean()) return Value(std::int64_t{json.get<bool>() ? 1 : 0});
  if (json.is_number()) return Value(json.get<double>());  // REAL, whatever the number
  if (json.is_string()) return Value(json.get<std::string>());
  if (json.is_array()) return ReadBlob(json);
  return std::nullopt;
}

std::variant<Query, Invalid> ReadQuery(const Json& json) {
  const Json* sql = Find(json, "sql");
  if (sql == nullptr) return Invalid{"Invalid property: sql => Required"};
  if (!sql->is_string()) return Invalid{"Invalid property: sql => Expected string"};
  Query query;
  query.sql = sql->get<std::string>();
  const Json* params = Find(json, "params");
  if (params == nullptr || params->is_null()) return query;
  if (!params->is_array()) return Invalid{"Invalid property: params => Expected array"};
  for (std::size_t i = 0; i < params->size(); ++i) {
    auto value = ReadParam((*params)[i]);
    if (!value)
      return Invalid{"Invalid property: params." + std::to_string(i) + " => Invalid input"};
    query.params.push_back(std::move(*value));
  }
  return query;
}

void AppendInteger(std::int64_t value, std::string& out) {
  if (value >= -kMaxSafeInteger && value <= kMaxSafeInteger) {
    out += std::to_string(value);
  } else {
    out += DumpJson(Json(static_cast<double>(value)));
  }
}

void AppendReal(double value, std::string& out) {
  if (!std::isfinite(value)) {
    out += "null";
  } else if (std::fabs(value) <= static_cast<double>(kMaxSafeInteger) &&
             value == std::trunc(value)) {
    out += std::to_string(static_cast<std::int64_t>(value));  // as JavaScript writes it; -0 is 0
  } else {
    out += DumpJson(Json(value));
  }
}

void AppendBlob(const std::string& bytes, std::string& out) {
  out += '[';
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    if (i != 0) out += ',';
    out += std::to_string(static_cast<unsigned char>(bytes[i]));
  }
  out += ']';
}

void AppendValue(const Value& value, std::string& out) {
  if (const auto* integer = std::get_if<std::int64_t>(&value)) {
    AppendInteger(*integer, out);
  } else if (const auto* real = std::get_if<double>(&value)) {
    AppendReal(*real, out);
  } else if (const auto* text = std::get_if<std::string>(&value)) {
    out += DumpJson(Json(*text));
  } else if (const auto* blob = std::get_if<Blob>(&value)) {
    AppendBlob(blob->bytes, out);
  } else {
    out += "null";
  }
}

// Which column fills each member: a name that comes twice keeps its first place and its last value.
struct Member {
  std::string start;  // "\"name\":"
  std::size_t column;
};

std::vector<Member> MembersOf(const std::vector<std::string>& columns) {
  std::vector<Member> members;
  std::map<std::string, std::size_t> places;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    const auto [place, added] = places.emplace(columns[i], members.size());
    if (added) {
      members.push_back({DumpJson(Json(columns[i])) + ":", i});
    } else {
      members[place->second].column = i;
    }
  }
  return members;
}

void AppendObjects(const Outcome& outcome, std::string& out) {
  const std::vector<Member> members = MembersOf(outcome.columns);
  out += '[';
  for (std::size_t i = 0; i < outcome.rows.size(); ++i) {
    out += i == 0 ? "{" : ",{";
    for (std::size_t m = 0; m < members.size(); ++m) {
      if (m != 0) out += ',';
      out += members[m].start;
      AppendValue(outcome.rows[i][members[m].column], out);
    }
    out += '}';
  }
  out += ']';
}

void AppendRaw(const Outcome& outcome, std::string& out) {
  out += R"({"columns":)" + DumpJson(Json(outcome.columns)) + R"(,"rows":[)";
  for (std::size_t i = 0; i < outcome.rows.size(); ++i) {
    out += i == 0 ? "[" : ",[";
    for (std::size_t c = 0; c < outcome.rows[i].size(); ++c) {
      if (c != 0) out += ',';
      AppendValue(outcome.rows[i][c], out);
    }
    out += ']';
  }
  out += "]}";
}

std::string MetaJson(const Outcome& outcome, bool by_primary) {
  return DumpJson(Json{{"served_by", kServedBy},
                       {"served_by_region", by_primary ? kRegion : kReplicaRegion},
                       {"served_by_colo", by_primary ? kColo : kReplicaColo},
                       {"served_by_primary", by_primary},
                       {"timings", {{"sql_duration_ms", outcome.duration_ms}}},
                       {"duration", outcome.duration_ms},
                       {"changes", outcome.changes},
                       {"last_row_id", outcome.last_row_id},
                       {"changed_db", outcome.changed_db},
                       {"size_after", outcome.size_after_bytes},
                       {"rows_read", outcome.rows_read},
                       {"rows_written", outcome.rows_written},
                       {"total_attempts", 1}});
}

}  // namespace

std::variant<std::vector<Query>, Invalid> ReadQueries(std::string_view body) {
  const auto json = ParseJson(body);
  if (!json || !json->is_object()) return Invalid{"The request is malformed: Invalid JSON"};
  const Json* batch = Find(*json, "batch");
  if (batch == nullptr && Find(*json, "sql") == nullptr) {
    return Invalid{"Invalid property: sql => Required | Invalid property: batch => Required"};
  }
  std::vector<Query> queries;
  if (batch == nullptr) {
    auto query = ReadQuery(*json);
    if (auto* invalid = std::get_if<Invalid>(&query)) return std::move(*invalid);
    queries.push_back(std::move(std::get<Query>(query)));
    return queries;
  }
  if (!batch->is_array() || batch->empty()) {
    return Invalid{"Invalid property: batch => Expected array"};
  }
  for (const Json& item : *batch) {
    auto query = ReadQuery(item);
    if (auto* invalid = std::get_if<Invalid>(&query)) return std::move(*invalid);
    queries.push_back(std::move(std::get<Query>(query)));
  }
  return queries;
}

std::string ResultJson(const std::vector<Outcome>& outcomes, bool raw, bool by_primary) {
  std::string out = "[";
  for (std::size_t i = 0; i < outcomes.size(); ++i) {
    out += i == 0 ? R"({"results":)" : R"(,{"results":)";
    if (raw) {
      AppendRaw(outcomes[i], out);
    } else {
      AppendObjects(outcomes[i], out);
    }
    out += R"(,"success":true,"meta":)" + MetaJson(outcomes[i], by_primary) + "}";
  }
  return out + "]";
}

}  // namespace mg::fake::d1
