#include <chrono>
#include <utility>

#include "core/base/bytes.h"
#include "core/base/json.h"
#include "fakes/kv/calls.h"
#include "fakes/kv/limits.h"
#include "fakes/kv/multipart.h"
#include "fakes/v4.h"

namespace mg::fake::kv {
namespace {

// Fills value and metadata from a multipart body.
std::optional<Response> ReadParts(std::string_view body, std::string_view boundary, Entry& entry) {
  const auto parts = ParseMultipart(body, boundary);
  if (!parts) return Refuse(400, kBadBodyCode, "could not parse the multipart body");
  std::optional<std::string_view> value;
  std::string_view metadata;
  for (const Part& part : *parts) {
    if (part.name == "value") value = part.bytes;
    if (part.name == "metadata") metadata = part.bytes;
  }
  if (!value) return Refuse(400, kBadBodyCode, "the multipart body lacks the part \"value\"");
  if (value->size() > kMaxValueBytes) return TooLarge("Value", value->size(), kMaxValueBytes);
  if (auto refusal = CheckMetadata(metadata)) return refusal;
  if (!metadata.empty()) {
    const auto json = ParseJson(metadata);
    if (!json) return Refuse(400, kBadBodyCode, "could not parse the metadata as JSON");
    if (!json->is_null()) entry.metadata_json = DumpJson(*json);
  }
  entry.value = std::string(*value);
  return std::nullopt;
}

}  // namespace

Response Calls::Get(Call& call) {
  if (auto refusal = CheckCall("get", call)) return std::move(*refusal);
  if (auto faulted = call.note.Begin()) return std::move(*faulted);
  auto found = Read(call, call.key());
  if (!found) return StoreFailed();
  if (!*found) return Refuse(404, kKeyNotFoundCode, "get: 'key not found'");
  Entry& entry = **found;
  Response response;
  response.headers.Set("content-type", "application/octet-stream");
  if (entry.expires_at) response.headers.Set("expiration", std::to_string(*entry.expires_at));
  response.body = std::move(entry.value);
  return response;
}

// Fills all but the key from the query and the body.
std::optional<Response> Calls::ReadPut(Call& call, Entry& entry) {
  const std::string_view query = call.request.Query();
  Expiry expiry = ReadExpiry(QueryValue(query, "expiration_ttl"), QueryValue(query, "expiration"),
                             runtime_.Wall().seconds());
  if (auto* refusal = std::get_if<Response>(&expiry)) return std::move(*refusal);
  entry.expires_at = std::get<0>(expiry);
  Request& request = call.request;
  const auto boundary = MultipartBoundary(request.headers.Get("content-type"));
  const std::size_t limit = kMaxValueBytes + (boundary ? kMultipartSlackBytes : 0);
  const std::uint64_t announced = request.body.length().value_or(limit + 1);
  const Status read =
      request.body.Buffer(limit, runtime_.Now() + std::chrono::milliseconds(kBodyReadMs));
  if (!read && read.error().code == Code::kExhausted) {
    return TooLarge("Value", announced, kMaxValueBytes);
  }
  if (!read) return Refuse(400, kBadBodyCode, "the request body did not arrive whole");
  if (boundary) return ReadParts(request.body.bytes(), *boundary, entry);
  entry.value = request.body.bytes();
  return std::nullopt;
}

Response Calls::Put(Call& call) {
  if (auto refusal = CheckCall("put", call)) return std::move(*refusal);
  Entry entry;
  entry.key = call.key();
  if (auto refusal = ReadPut(call, entry)) return std::move(*refusal);
  if (auto faulted = call.note.Begin()) return std::move(*faulted);
  if (auto refusal = TakeWrite(call)) return std::move(*refusal);
  if (!store_.Put(call.space(), {entry}, runtime_.Wall().seconds())) return StoreFailed();
  const std::string key = entry.key;
  Wrote(call, key, std::move(entry));
  return V4Result("null", kContentType);
}

Response Calls::Delete(Call& call) {
  if (auto refusal = CheckCall("delete", call)) return std::move(*refusal);
  if (auto faulted = call.note.Begin()) return std::move(*faulted);
  if (auto refusal = TakeWrite(call)) return std::move(*refusal);
  if (!store_.Delete(call.space(), {call.key()})) return StoreFailed();
  Wrote(call, call.key(), std::nullopt);
  return V4Result("null", kContentType);
}

Response Calls::Metadata(Call& call) {
  if (auto refusal = CheckCall("metadata", call)) return std::move(*refusal);
  if (auto faulted = call.note.Begin()) return std::move(*faulted);
  const auto found = Read(call, call.key());
  if (!found) return StoreFailed();
  if (!*found) return Refuse(404, kKeyNotFoundCode, "metadata: 'key not found'");
  return V4Result((*found)->metadata_json.value_or("null"), kContentType);
}

}  // namespace mg::fake::kv
