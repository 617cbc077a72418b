#include <algorithm>
#include <utility>

#include "core/base/bytes.h"
#include "core/base/json.h"
#include "fakes/kv/calls.h"
#include "fakes/kv/limits.h"
#include "fakes/v4.h"

namespace mg::fake::kv {
namespace {

Response BadBody(const std::string& what) {
  return Refuse(400, kBadBodyCode, what);
}

std::optional<Response> CheckCount(std::size_t count, std::size_t most) {
  if (count == 0) return Refuse(400, kTooFewKeysCode, "You must request a minimum of 1 key");
  if (count <= most) return std::nullopt;
  return Refuse(400, kTooFewKeysCode,
                "You can request a maximum of " + std::to_string(most) + " keys");
}

// A number as the query of a single write would say it.
std::optional<std::string> NumberText(const Json& item, std::string_view name) {
  const Json* value = Find(item, name);
  if (value == nullptr || value->is_null()) return std::nullopt;
  return value->is_string() ? value->get<std::string>() : DumpJson(*value);
}

std::optional<Response> ReadValue(const Json& item, Entry& entry) {
  const Json* value = Find(item, "value");
  if (value == nullptr || !value->is_string()) {
    return BadBody("could not parse the value of key '" + entry.key + "'");
  }
  entry.value = value->get<std::string>();
  const Json* base64 = Find(item, "base64");
  if (base64 != nullptr && *base64 == true) {
    auto decoded = Base64Decode(entry.value);
    if (!decoded) return BadBody("could not decode the value of key '" + entry.key + "'");
    entry.value = std::move(*decoded);
  }
  if (entry.value.size() > kMaxValueBytes) {
    return TooLarge("Value", entry.value.size(), kMaxValueBytes);
  }
  const Json* metadata = Find(item, "metadata");
  if (metadata == nullptr || metadata->is_null()) return std::nullopt;
  entry.metadata_json = DumpJson(*metadata);
  return CheckMetadata(*entry.metadata_json);
}

// One pair of a bulk write; a Response is a refusal of the whole call.
std::variant<Entry, Response> ReadPair(const Json& item, std::int64_t now) {
  const Json* key = Find(item, "key");
  if (key == nullptr || !key->is_string()) return BadBody("could not parse a pair's key");
  Entry entry;
  entry.key = key->get<std::string>();
  if (auto refusal = CheckKey(entry.key)) return std::move(*refusal);
  if (auto refusal = ReadValue(item, entry)) return std::move(*refusal);
  Expiry expiry =
      ReadExpiry(NumberText(item, "expiration_ttl"), NumberText(item, "expiration"), now);
  if (auto* refusal = std::get_if<Response>(&expiry)) return std::move(*refusal);
  entry.expires_at = std::get<0>(expiry);
  return entry;
}

std::variant<std::vector<std::string>, Response> ReadKeys(const Json* json, std::size_t most) {
  if (json == nullptr || !json->is_array()) return BadBody("could not parse the list of keys");
  if (auto refusal = CheckCount(json->size(), most)) return std::move(*refusal);
  std::vector<std::string> keys;
  for (const Json& item : *json) {
    if (!item.is_string()) return BadBody("could not parse the list of keys");
    keys.push_back(item.get<std::string>());
    if (auto refusal = CheckKey(keys.back())) return std::move(*refusal);
  }
  return keys;
}

Response Written(std::size_t count, const std::set<std::string>& missed) {
  return V4Result(DumpJson(Json{{"successful_key_count", count - missed.size()},
                                {"unsuccessful_keys", missed}}),
                  kContentType);
}

struct Asked {
  std::vector<std::string> keys;
  bool as_json = false;
  bool with_metadata = false;
};

std::variant<Asked, Response> ReadAsked(std::string_view body) {
  const auto json = ParseJson(body);
  if (!json) return BadBody("could not parse the body as JSON");
  auto keys = ReadKeys(Find(*json, "keys"), kMaxBulkGetKeys);
  if (auto* refusal = std::get_if<Response>(&keys)) return std::move(*refusal);
  const std::string type = StringAt(*json, "type", "text");
  if (type != "text" && type != "json") {
    return BadBody("\"" + type + "\" is not a valid type. Use \"json\" or \"text\"");
  }
  const Json* with_metadata = Find(*json, "withMetadata");
  return Asked{std::move(std::get<0>(keys)), type == "json",
               with_metadata != nullptr && *with_metadata == true};
}

// A key that is not there is null.
std::variant<Json, Response> AskedJson(const Asked& asked, const std::optional<Entry>& entry) {
  if (!entry) return Json();
  Json value = entry->value;
  if (asked.as_json) {
    auto parsed = ParseJson(entry->value);
    if (!parsed) {
      return BadBody("At least one of the requested keys corresponds to a non-json value");
    }
    value = std::move(*parsed);
  }
  if (!asked.with_metadata) return value;
  Json item = {{"value", std::move(value)}, {"metadata", nullptr}};
  if (entry->metadata_json) item["metadata"] = ParseJson(*entry->metadata_json).value();
  if (entry->expires_at) item["expiration"] = *entry->expires_at;
  return item;
}

}  // namespace

Response Calls::BulkPut(Call& call) {
  if (auto refusal = CheckNamespace("bulk put", call)) return std::move(*refusal);
  Response refusal;
  const auto body = ReadBody(call, kMaxBulkBytes, refusal);
  if (!body) return refusal;
  const auto json = ParseJson(*body);
  if (!json || !json->is_array()) return BadBody("could not parse the array of pairs");
  if (auto refused = CheckCount(json->size(), kMaxBulkPairs)) return std::move(*refused);
  const std::int64_t now = runtime_.Wall().seconds();
  std::vector<Entry> entries;
  std::vector<std::string> keys;
  for (const Json& item : *json) {
    auto pair = ReadPair(item, now);
    if (auto* refused = std::get_if<Response>(&pair)) return std::move(*refused);
    entries.push_back(std::move(std::get<Entry>(pair)));
    keys.push_back(entries.back().key);
  }
  if (auto faulted = call.note.Begin()) return std::move(*faulted);
  const auto missed = Unsuccessful(call, keys);
  std::erase_if(entries, [&](const Entry& entry) { return missed.contains(entry.key); });
  if (!store_.Put(call.space(), entries, now)) return StoreFailed();
  for (Entry& entry : entries) {
    const std::string key = entry.key;
    Wrote(call, key, std::move(entry));
  }
  return Written(keys.size(), missed);
}

Response Calls::BulkDelete(Call& call) {
  if (auto refusal = CheckNamespace("bulk delete", call)) return std::move(*refusal);
  Response refusal;
  const auto body = ReadBody(call, kMaxBulkBytes, refusal);
  if (!body) return refusal;
  const auto json = ParseJson(*body);
  auto read = ReadKeys(json ? &*json : nullptr, kMaxBulkPairs);
  if (auto* refused = std::get_if<Response>(&read)) return std::move(*refused);
  auto& keys = std::get<0>(read);
  if (auto faulted = call.note.Begin()) return std::move(*faulted);
  const std::size_t count = keys.size();
  const auto missed = Unsuccessful(call, keys);
  std::erase_if(keys, [&](const std::string& key) { return missed.contains(key); });
  if (!store_.Delete(call.space(), keys)) return StoreFailed();
  for (const std::string& key : keys) Wrote(call, key, std::nullopt);
  return Written(count, missed);
}

Response Calls::BulkGet(Call& call) {
  if (auto refusal = CheckNamespace("bulk get", call)) return std::move(*refusal);
  Response refusal;
  const auto body = ReadBody(call, kMaxRequestBytes * 2, refusal);
  if (!body) return refusal;
  const auto read = ReadAsked(*body);
  if (const auto* refused = std::get_if<Response>(&read)) return *refused;
  const Asked& asked = std::get<Asked>(read);
  if (auto faulted = call.note.Begin()) return std::move(*faulted);
  Json values = Json::object();
  std::size_t bytes = 0;
  for (const std::string& key : asked.keys) {
    const auto found = Read(call, key);
    if (!found) return StoreFailed();
    if (*found) bytes += (*found)->value.size();
    if (bytes > kMaxBulkGetBytes) return TooLarge("Total", bytes, kMaxBulkGetBytes);
    auto item = AskedJson(asked, *found);
    if (auto* refused = std::get_if<Response>(&item)) return std::move(*refused);
    values[key] = std::move(std::get<Json>(item));
  }
  return V4Result(DumpJson(Json{{"values", std::move(values)}}), kContentType);
}

}  // namespace mg::fake::kv
