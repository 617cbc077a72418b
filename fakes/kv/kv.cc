#include "fakes/kv/kv.h"

#include <filesystem>
#include <limits>
#include <optional>
#include <utility>
#include <variant>
#include <vector>

#include "core/base/bytes.h"
#include "core/base/json.h"
#include "fakes/kv/limits.h"
#include "fakes/kv/multipart.h"
#include "fakes/kv/store.h"
#include "fakes/v4.h"

namespace mg::fake {
namespace {

using kv::Entry;

// client / v4 / accounts / {a} / storage / kv / namespaces / {ns} / ...
constexpr std::size_t kNamespaceSegment = 7;
constexpr std::size_t kNamespaceIdDigits = 32;

Response Typed(Response response) {
  response.headers.Set("content-type", kv::kContentType);
  return response;
}

Response Refuse(int status, std::int64_t code, std::string_view message) {
  return Typed(V4Error(status, code, message));
}

Response StoreFailed() {
  return Refuse(500, kv::kInternalCode, "the store failed");
}

Response MethodNotAllowed() {
  return Refuse(405, kv::kMethodCode, "Method not allowed");
}

std::string StorePath(const std::string& folder) {
  if (folder.empty()) return "";
  std::filesystem::create_directories(folder);
  return folder + "/kv.sqlite";
}

bool IsNamespaceId(std::string_view text) {
  return text.size() == kNamespaceIdDigits && HexDecode(text).has_value();
}

std::optional<Response> CheckKey(const std::string& key) {
  if (key.empty()) return Refuse(400, kv::kBadKeyCode, "Key names must not be empty");
  if (key == "." || key == "..") {
    return Refuse(400, kv::kBadKeyCode,
                  "Illegal key name \"" + key + "\". Please use a different name.");
  }
  if (key.size() > kv::kMaxKeyBytes) {
    return Refuse(414, kv::kBadKeyCode,
                  "UTF-8 encoded length of " + std::to_string(key.size()) +
                      " exceeds key length limit of " + std::to_string(kv::kMaxKeyBytes) + ".");
  }
  if (!IsValidUtf8(key)) return Refuse(400, kv::kBadKeyCode, "Key names must be UTF-8");
  return std::nullopt;
}

Response TooLarge(std::string_view what, std::uint64_t length, std::size_t limit) {
  return Refuse(413, kv::kTooLargeCode,
                std::string(what) + " length of " + std::to_string(length) + " exceeds limit of " +
                    std::to_string(limit) + ".");
}

// When the entry expires, from the query; nullopt in it for never.
using Expiry = std::variant<std::optional<std::int64_t>, Response>;

Expiry ReadTtl(const std::string& text, std::int64_t now) {
  const std::string start = "Invalid expiration_ttl of " + text + ". ";
  const auto ttl = ParseInt(text);
  if (!ttl || *ttl <= 0) {
    return Refuse(400, kv::kBadExpirationCode, start + "Please specify integer greater than 0.");
  }
  if (*ttl < kv::kMinTtlSeconds) {
    return Refuse(
        400, kv::kBadExpirationCode,
        start + "Expiration TTL must be at least " + std::to_string(kv::kMinTtlSeconds) + ".");
  }
  constexpr std::int64_t kLatest = std::numeric_limits<std::int64_t>::max();
  return std::optional<std::int64_t>(*ttl > kLatest - now ? kLatest : now + *ttl);
}

Expiry ReadExpiration(const std::string& text, std::int64_t now) {
  const std::string start = "Invalid expiration of " + text + ". ";
  const auto at = ParseInt(text);
  if (!at || *at <= now) {
    return Refuse(400, kv::kBadExpirationCode,
                  start +
                      "Please specify integer greater than the current number of seconds since the "
                      "UNIX epoch.");
  }
  if (*at < now + kv::kMinTtlSeconds) {
    return Refuse(400, kv::kBadExpirationCode,
                  start + "Expiration times must be at least " +
                      std::to_string(kv::kMinTtlSeconds) + " seconds in the future.");
  }
  return std::optional<std::int64_t>(*at);
}

// expiration_ttl wins over expiration.
Expiry ReadExpiry(std::string_view query, std::int64_t now) {
  if (const auto ttl = QueryValue(query, "expiration_ttl")) return ReadTtl(*ttl, now);
  if (const auto at = QueryValue(query, "expiration")) return ReadExpiration(*at, now);
  return std::optional<std::int64_t>();
}

// Fills value and metadata from the request's body. A Response is a refusal.
std::optional<Response> ReadBody(Request& request, Instant deadline, Entry& entry) {
  const auto boundary = kv::MultipartBoundary(request.headers.Get("content-type"));
  const std::size_t limit = kv::kMaxValueBytes + (boundary ? kv::kMultipartSlackBytes : 0);
  const std::uint64_t announced = request.body.length().value_or(limit + 1);
  const Status read = request.body.Buffer(limit, deadline);
  if (!read && read.error().code == Code::kExhausted) {
    return TooLarge("Value", announced, kv::kMaxValueBytes);
  }
  if (!read) return Refuse(400, kv::kBadBodyCode, "the request body did not arrive whole");
  const std::string& bytes = request.body.bytes();
  if (!boundary) {
    entry.value = bytes;
    return std::nullopt;
  }
  const auto parts = kv::ParseMultipart(bytes, *boundary);
  if (!parts) return Refuse(400, kv::kBadBodyCode, "could not parse the multipart body");
  std::optional<std::string_view> value;
  std::string_view metadata;
  for (const kv::Part& part : *parts) {
    if (part.name == "value") value = part.bytes;
    if (part.name == "metadata") metadata = part.bytes;
  }
  if (!value) return Refuse(400, kv::kBadBodyCode, "the multipart body lacks the part \"value\"");
  if (value->size() > kv::kMaxValueBytes) {
    return TooLarge("Value", value->size(), kv::kMaxValueBytes);
  }
  if (metadata.size() > kv::kMaxMetadataBytes) {
    return TooLarge("Metadata", metadata.size(), kv::kMaxMetadataBytes);
  }
  if (!metadata.empty()) {
    const auto json = ParseJson(metadata);
    if (!json) return Refuse(400, kv::kBadBodyCode, "could not parse the metadata as JSON");
    if (!json->is_null()) entry.metadata_json = DumpJson(*json);
  }
  entry.value = std::string(*value);
  return std::nullopt;
}

std::string ListJson(const std::vector<Entry>& entries, const std::string& cursor) {
  Json names = Json::array();
  for (const Entry& entry : entries) {
    Json item = {{"name", entry.key}};
    if (entry.expires_at) item["expiration"] = *entry.expires_at;
    if (entry.metadata_json) {
      if (auto metadata = ParseJson(*entry.metadata_json)) item["metadata"] = std::move(*metadata);
    }
    names.push_back(std::move(item));
  }
  return DumpJson(Json{{"result", std::move(names)},
                       {"success", true},
                       {"errors", Json::array()},
                       {"messages", Json::array()},
                       {"result_info", {{"count", entries.size()}, {"cursor", cursor}}}});
}

}  // namespace

class Kv::Impl {
 public:
  Impl(const Credentials& credentials, const std::string& folder, Runtime& runtime)
      : namespace_id_(credentials.kv_namespace_id), runtime_(runtime), store_(StorePath(folder)) {}

  Response Handle(Request& request, CallNote& note);
  void Reset() { store_.Clear(); }

 private:
  Response Namespaces(const Request& request, CallNote& note, std::size_t segment_count);
  Response Values(Request& request, CallNote& note, const std::string& id, const std::string& key);
  Response Get(CallNote& note, const std::string& key);
  Response Put(Request& request, CallNote& note, const std::string& key);
  Response Delete(CallNote& note, const std::string& key);
  Response Metadata(const Request& request, CallNote& note, const std::string& id,
                    const std::string& key);
  Response Keys(const Request& request, CallNote& note, const std::string& id);
  Response Bulk(const Request& request, CallNote& note, const std::string& action);
  std::optional<Response> CheckNamespace(std::string_view operation, const std::string& id) const;

  const std::string namespace_id_;
  Runtime& runtime_;
  kv::Store store_;
};

Response Kv::Impl::Handle(Request& request, CallNote& note) {
  const std::string path(request.Path());
  const auto segments = PathSegments(path);
  if (!segments) return Typed(V4NoRoute(path));
  const auto& at = *segments;
  const std::size_t count = at.size();
  if (count <= kNamespaceSegment + 1) return Namespaces(request, note, count);
  const std::string& id = at[kNamespaceSegment];
  const std::string& kind = at[kNamespaceSegment + 1];
  if (count == kNamespaceSegment + 3) {
    const std::string& last = at[kNamespaceSegment + 2];
    if (kind == "values") return Values(request, note, id, last);
    if (kind == "metadata") return Metadata(request, note, id, last);
    if (kind == "bulk" && (last == "get" || last == "delete")) return Bulk(request, note, last);
  }
  if (count == kNamespaceSegment + 2) {
    if (kind == "keys") return Keys(request, note, id);
    if (kind == "bulk") return Bulk(request, note, request.method == "PUT" ? "put" : "delete");
  }
  return Typed(V4NoRoute(path));
}

Response Kv::Impl::Namespaces(const Request& request, CallNote& note, std::size_t segment_count) {
  note.operation = segment_count == kNamespaceSegment ? "kv.namespaces" : "kv.namespace";
  if (request.method != "GET") note.operation += "_write";
  return Typed(V4Gap(note.operation, "this emulator has one KV namespace and does not manage it"));
}

Response Kv::Impl::Bulk(const Request&, CallNote& note, const std::string& action) {
  note.operation = "kv.bulk_" + action;
  return Typed(V4Gap(note.operation, "this emulator does not do bulk calls"));
}

// `operation` prefixes the message when the namespace is unknown.
std::optional<Response> Kv::Impl::CheckNamespace(std::string_view operation,
                                                 const std::string& id) const {
  if (!IsNamespaceId(id)) {
    return Refuse(400, kv::kBadNamespaceCode,
                  "could not parse UUID from namespace: 'invalid namespace format: " + id + "'");
  }
  if (AsciiLower(id) != namespace_id_) {
    return Refuse(404, kv::kNamespaceNotFoundCode,
                  std::string(operation) + ": 'namespace not found'");
  }
  return std::nullopt;
}

Response Kv::Impl::Values(Request& request, CallNote& note, const std::string& id,
                          const std::string& key) {
  const bool get = request.method == "GET";
  const bool put = request.method == "PUT";
  if (!get && !put && request.method != "DELETE") return MethodNotAllowed();
  const std::string verb = get ? "get" : put ? "put" : "delete";
  note.operation = "kv." + verb;
  note.subject = key.substr(0, kv::kMaxKeyBytes);
  if (auto refusal = CheckNamespace(verb, id)) return *refusal;
  if (auto refusal = CheckKey(key)) return *refusal;
  return get ? Get(note, key) : put ? Put(request, note, key) : Delete(note, key);
}

Response Kv::Impl::Get(CallNote& note, const std::string& key) {
  if (auto faulted = note.Begin()) return std::move(*faulted);
  auto found = store_.Get(key, runtime_.Wall().seconds());
  if (!found) return StoreFailed();
  if (!*found) return Refuse(404, kv::kKeyNotFoundCode, "get: 'key not found'");
  Entry& entry = **found;
  Response response;
  response.headers.Set("content-type", "application/octet-stream");
  if (entry.expires_at) response.headers.Set("expiration", std::to_string(*entry.expires_at));
  response.body = std::move(entry.value);
  return response;
}

Response Kv::Impl::Put(Request& request, CallNote& note, const std::string& key) {
  const std::int64_t now = runtime_.Wall().seconds();
  Expiry expiry = ReadExpiry(request.Query(), now);
  if (auto* refusal = std::get_if<Response>(&expiry)) return std::move(*refusal);
  Entry entry;
  entry.key = key;
  entry.expires_at = std::get<0>(expiry);
  const Instant deadline = runtime_.Now() + std::chrono::milliseconds(kv::kBodyReadMs);
  if (auto refusal = ReadBody(request, deadline, entry)) return std::move(*refusal);
  if (auto faulted = note.Begin()) return std::move(*faulted);
  return store_.Put(entry, now) ? V4Result("null", kv::kContentType) : StoreFailed();
}

Response Kv::Impl::Delete(CallNote& note, const std::string& key) {
  if (auto faulted = note.Begin()) return std::move(*faulted);
  return store_.Delete(key) ? V4Result("null", kv::kContentType) : StoreFailed();
}

Response Kv::Impl::Metadata(const Request& request, CallNote& note, const std::string& id,
                            const std::string& key) {
  if (request.method != "GET") return MethodNotAllowed();
  note.operation = "kv.metadata";
  note.subject = key.substr(0, kv::kMaxKeyBytes);
  if (auto refusal = CheckNamespace("metadata", id)) return *refusal;
  if (auto refusal = CheckKey(key)) return *refusal;
  if (auto faulted = note.Begin()) return std::move(*faulted);
  const auto found = store_.Get(key, runtime_.Wall().seconds());
  if (!found) return StoreFailed();
  if (!*found) return Refuse(404, kv::kKeyNotFoundCode, "metadata: 'key not found'");
  return V4Result((*found)->metadata_json.value_or("null"), kv::kContentType);
}

Response Kv::Impl::Keys(const Request& request, CallNote& note, const std::string& id) {
  if (request.method != "GET") return MethodNotAllowed();
  note.operation = "kv.list";
  const std::string_view query = request.Query();
  const std::string prefix = QueryValue(query, "prefix").value_or("");
  note.subject = prefix.substr(0, kv::kMaxKeyBytes);
  if (auto refusal = CheckNamespace("list keys", id)) return *refusal;
  std::int64_t limit = kv::kMaxListLimit;
  if (const auto text = QueryValue(query, "limit"); text && !text->empty()) {
    limit = ParseInt(*text).value_or(0);
  }
  if (limit < kv::kMinListLimit) {
    return Refuse(400, kv::kBadListArgumentCode,
                  "limit argument must be at least " + std::to_string(kv::kMinListLimit));
  }
  if (limit > kv::kMaxListLimit) {
    return Refuse(400, kv::kBadListArgumentCode,
                  "limit argument must be at most " + std::to_string(kv::kMaxListLimit));
  }
  const auto after = Base64UrlDecode(QueryValue(query, "cursor").value_or(""));
  if (!after) return Refuse(400, kv::kBadListArgumentCode, "invalid cursor");
  if (auto faulted = note.Begin()) return std::move(*faulted);
  const auto wanted = static_cast<std::size_t>(limit);
  // One more than asked for tells whether there is a next page.
  auto entries = store_.List(prefix, *after, wanted + 1, runtime_.Wall().seconds());
  if (!entries) return StoreFailed();
  std::string cursor;
  if (entries->size() > wanted) {
    entries->pop_back();
    cursor = Base64UrlEncode(entries->back().key);
  }
  return Typed(JsonResponse(200, ListJson(*entries, cursor)));
}

Kv::Kv(const Credentials& credentials, const std::string& folder, Runtime& runtime)
    : impl_(std::make_unique<Impl>(credentials, folder, runtime)) {}

Kv::~Kv() = default;

Response Kv::Handle(Request& request, CallNote& note, CancelToken&) {
  return impl_->Handle(request, note);
}

void Kv::Reset() {
  impl_->Reset();
}

}  // namespace mg::fake
