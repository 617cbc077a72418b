#include <algorithm>
#include <iterator>
#include <utility>

#include "core/base/bytes.h"
#include "core/base/json.h"
#include "core/base/time_text.h"
#include "fakes/d1/answers.h"
#include "fakes/d1/calls.h"
#include "fakes/d1/limits.h"
#include "fakes/v4.h"

namespace mg::fake::d1 {
namespace {

constexpr std::string_view kRegions[] = {"WNAM", "ENAM", "WEUR", "EEUR", "APAC", "OC"};
constexpr std::string_view kJurisdictions[] = {"eu", "fedramp", "us"};
constexpr std::string_view kModes[] = {"auto", "disabled"};

template <std::size_t kCount>
std::string WrongEnum(std::string_view property, const std::string_view (&values)[kCount]) {
  std::string text =
      "Invalid property: " + std::string(property) + " => Invalid enum value. Expected ";
  for (std::size_t i = 0; i < kCount; ++i) {
    text.append(i == 0 ? "'" : " | '").append(values[i]).append("'");
  }
  return text;
}

template <std::size_t kCount>
bool OneOf(std::string_view value, const std::string_view (&values)[kCount]) {
  return std::find(std::begin(values), std::end(values), value) != std::end(values);
}

// The text of a member; "" when it is absent or null, nullopt when it is something else.
std::optional<std::string> TextIn(const Json& json, std::string_view name) {
  const Json* value = Find(json, name);
  if (value == nullptr || value->is_null()) return "";
  return value->is_string() ? std::optional(value->get<std::string>()) : std::nullopt;
}

std::variant<std::string, Response> ReadMode(const Json& json) {
  const Json* replication = Find(json, "read_replication");
  if (replication == nullptr || replication->is_null()) return std::string();
  const auto mode = TextIn(*replication, "mode");
  if (!mode || !OneOf(*mode, kModes)) {
    return InvalidProperty(WrongEnum("read_replication.mode", kModes));
  }
  return *mode;
}

std::string Upper(std::string text) {
  for (char& c : text) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  return text;
}

std::variant<DatabaseInfo, Response> ReadCreate(const Json& json) {
  DatabaseInfo info;
  const auto name = TextIn(json, "name");
  if (!name) return InvalidProperty("Invalid property: name => Expected string");
  if (name->empty()) return InvalidProperty("Invalid property: name => Required");
  if (name->size() > kMaxNameBytes) return InvalidProperty(kLongName);
  info.name = *name;
  const auto hint = TextIn(json, "primary_location_hint");
  info.region = hint ? Upper(*hint) : "?";
  if (info.region.empty()) info.region = kRegion;
  if (!OneOf(info.region, kRegions)) {
    return InvalidProperty(WrongEnum("primary_location_hint", kRegions));
  }
  const auto jurisdiction = TextIn(json, "jurisdiction");
  if (!jurisdiction || (!jurisdiction->empty() && !OneOf(*jurisdiction, kJurisdictions))) {
    return InvalidProperty(WrongEnum("jurisdiction", kJurisdictions));
  }
  info.jurisdiction = *jurisdiction;
  auto mode = ReadMode(json);
  if (auto* refusal = std::get_if<Response>(&mode)) return std::move(*refusal);
  if (!std::get<std::string>(mode).empty()) info.replication = std::get<std::string>(mode);
  return info;
}

// What every shape has; each adds its own (wire/storage.md 3.1).
Json Described(const DatabaseInfo& info, const SqlDatabase::Size& size) {
  return {{"uuid", info.uuid},
          {"name", info.name},
          {"created_at", info.created_at},
          {"version", "production"},
          {"num_tables", size.tables},
          {"file_size", std::max(size.bytes, kLeastFileBytes)},
          {"jurisdiction", info.jurisdiction.empty() ? Json() : Json(info.jurisdiction)}};
}

Json Whole(const DatabaseInfo& info, const SqlDatabase::Size& size) {
  Json json = Described(info, size);
  json["running_in_region"] = info.region;
  json["read_replication"] = {{"mode", info.replication}};
  return json;
}

}  // namespace

Response Calls::List(Call& call) {
  if (auto faulted = call.note.Begin()) return std::move(*faulted);
  const std::string_view query = call.request.Query();
  const auto name = QueryValue(query, "name");
  Json items = Json::array();
  for (const DatabaseInfo& info : databases_.catalogue().List()) {
    if (name && !name->empty() && *name != info.name) continue;
    const auto database = databases_.Open(info.uuid);
    items.push_back(Described(info, database ? database->Measure() : SqlDatabase::Size{}));
  }
  return V4Paged(ReadPage(query, kDatabasesPerPage, kMaxDatabasesPerPage), items, false);
}

Response Calls::Create(Call& call) {
  auto json = ReadJson(call.request);
  if (auto* refusal = std::get_if<Response>(&json)) return std::move(*refusal);
  auto read = ReadCreate(std::get<Json>(json));
  if (auto* refusal = std::get_if<Response>(&read)) return std::move(*refusal);
  DatabaseInfo& info = std::get<DatabaseInfo>(read);
  call.note.subject = info.name;
  if (auto faulted = call.note.Begin()) return std::move(*faulted);
  info.uuid = databases_.NewUuid();
  info.created_at = IsoMillis(runtime_.Wall().ms);
  switch (databases_.catalogue().Add(info)) {
    case Catalogue::Change::kDone:
      break;
    case Catalogue::Change::kNameTaken:
      return V4Error(400, kNameTakenCode, "Database with name: '" + info.name + "' already exists");
    case Catalogue::Change::kFull:
      return V4Error(kTooManyDatabasesStatus, kTooManyDatabasesCode, kTooManyDatabases);
    default:
      return SqlError(kInternal);
  }
  Json result = Described(info, {});
  result["created_in_region"] = info.region;
  result["read_replication"] = {{"mode", info.replication}};
  return V4Result(DumpJson(result));
}

Response Calls::Get(Call& call) {
  const auto info = databases_.catalogue().Find(call.id());
  if (!info) return NotFound(call.id());
  if (auto faulted = call.note.Begin()) return std::move(*faulted);
  const auto database = databases_.Open(info->uuid);
  if (database == nullptr) return SqlError(kInternal);
  Json result = Whole(*info, database->Measure());
  const auto fields = QueryValue(call.request.Query(), "fields");
  if (fields && !fields->empty()) {
    Json some = Json::object();
    for (const std::string_view field : Split(*fields, ',')) {
      if (const Json* value = Find(result, field)) some[std::string(field)] = *value;
    }
    result = std::move(some);
  }
  return V4Result(DumpJson(result));
}

Response Calls::Update(Call& call) {
  auto found = Found(call);
  if (auto* refusal = std::get_if<Response>(&found)) return std::move(*refusal);
  auto json = ReadJson(call.request);
  if (auto* refusal = std::get_if<Response>(&json)) return std::move(*refusal);
  auto mode = ReadMode(std::get<Json>(json));
  if (auto* refusal = std::get_if<Response>(&mode)) return std::move(*refusal);
  if (auto faulted = call.note.Begin()) return std::move(*faulted);
  const std::string id = AsciiLower(call.id());
  const auto& wanted = std::get<std::string>(mode);
  if (!wanted.empty()) {
    databases_.catalogue().SetReplication(id, wanted);
    std::get<0>(found)->Replicate(wanted == kReplicated);
  }
  const auto info = databases_.catalogue().Find(id);
  return info ? V4Result(DumpJson(Whole(*info, std::get<0>(found)->Measure())))
              : NotFound(call.id());
}

Response Calls::Delete(Call& call) {
  auto found = Found(call);
  if (auto* refusal = std::get_if<Response>(&found)) return std::move(*refusal);
  if (auto faulted = call.note.Begin()) return std::move(*faulted);
  const std::string id = AsciiLower(call.id());
  if (databases_.catalogue().Remove(id) != Catalogue::Change::kDone) return NotFound(call.id());
  databases_.Forget(id);
  return V4Result("null");
}

}  // namespace mg::fake::d1
