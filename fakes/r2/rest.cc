#include "fakes/r2/rest.h"

#include <iterator>
#include <utility>
#include <vector>

#include "core/base/bytes.h"
#include "core/base/json.h"
#include "core/base/utc.h"
#include "fakes/gap_routes.h"
#include "fakes/r2/cors.h"
#include "fakes/r2/limits.h"
#include "fakes/r2/rest_objects.h"
#include "fakes/r2/xml.h"
#include "fakes/v4.h"

namespace mg::fake {
namespace {

using Parts = std::vector<std::string_view>;

constexpr std::string_view kObjects = "objects";

constexpr Operation kGaps[] = {
    {"*", "metrics", "r2.rest.metrics", "what an account stores"},
    {"*", "temp-access-credentials", "r2.rest.temp_credentials", "temporary credentials"},
    {"*", "buckets/{}/domains", "r2.rest.domains", "public addresses of a bucket"},
    {"*", "buckets/{}/lock", "r2.rest.lock", "rules that lock objects"},
    {"*", "buckets/{}/sippy", "r2.rest.sippy", "migration from another service"},
    {"*", "buckets/{}/local-uploads", "r2.rest.local_uploads", "uploads that are kept near"},
};
constexpr Operation kPartly[] = {
    {"GET", "buckets", "r2.rest.list_buckets", "descending order"},
    {"GET", "buckets/{}/lifecycle", "r2.rest.get_lifecycle", "rules that were set over S3"},
    {"PUT", "buckets/{}/lifecycle", "r2.rest.put_lifecycle", "kept, and nothing expires by it"},
    {"DELETE", "buckets/{}/objects", "r2.rest.delete_many", "many objects at once"},
};

Response NoRoute() {
  return V4Error(404, 10015, "No route matches this url.");
}

Json JsonOf(const R2Bucket& bucket) {
  return {{"name", bucket.name},
          {"creation_date", UtcText(bucket.created_ms)},
          {"location", bucket.location},
          {"storage_class", bucket.storage_class},
          {"jurisdiction", "default"}};
}

Response BadJson() {
  return V4Error(400, 10040, "The JSON you provided was not well formed.");
}

bool IsStorageClass(std::string_view name) {
  return name == "Standard" || name == "InfrequentAccess";
}

// A small body of JSON, whatever its Content-Type: wrangler calls it text/plain.
std::optional<std::string> ReadBody(const R2Core& core, Request& request) {
  const Instant deadline = core.runtime.Now() + r2::kBodyDeadline;
  if (!request.body.Buffer(r2::kMaxConfigurationBytes, deadline)) return std::nullopt;
  return request.body.bytes();
}

Response BucketList(R2Core& core, const Request& request, CallNote& note) {
  note.operation = "r2.rest.list_buckets";
  const S3Query query(request.Query());
  const std::string after = std::max(query.Get("start_after"), query.Get("cursor"));
  const std::string contains = query.Get("name_contains");
  const std::string most = query.Get("per_page");
  const auto per_page = most.empty() ? std::optional<std::int64_t>(20) : ParseInt(most);
  if (!per_page || *per_page < 1 || *per_page > r2::kMaxPage)
    return V4Error(400, 10022, "per_page must be between 1 and 1000");
  if (query.Get("direction") == "desc") return V4Gap(note.operation, "direction=desc");
  if (auto faulted = note.Begin()) return std::move(*faulted);
  const auto buckets = core.store.Buckets();
  if (!buckets) return RestInternal();
  Json list = Json::array();
  std::string cursor;
  for (const R2Bucket& bucket : *buckets) {
    if (bucket.name <= after || bucket.name.find(contains) == std::string::npos) continue;
    if (static_cast<std::int64_t>(list.size()) == *per_page) {
      cursor = list.back()["name"].get<std::string>();
      break;
    }
    list.push_back(JsonOf(bucket));
  }
  return V4Listed({{"buckets", std::move(list)}}, {{"cursor", cursor}, {"per_page", *per_page}});
}

Response BucketCreate(R2Core& core, Request& request, CallNote& note) {
  note.operation = "r2.rest.create_bucket";
  const auto body = ReadBody(core, request);
  const auto json = ParseJson(body.value_or(""));
  if (!json || !json->is_object()) return BadJson();
  const std::string name = StringAt(*json, "name");
  std::string location = StringAt(*json, "locationHint");
  const std::string storage_class = StringAt(*json, "storageClass", "Standard");
  if (!IsBucketName(name)) return V4Error(400, 10005, r2::kBadBucketName);
  if (!IsStorageClass(storage_class)) return BadJson();
  for (char& c : location)
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  if (location.empty() || location == "AUTO") location = std::string(r2::kDefaultLocation);
  note.subject = name;
  if (auto faulted = note.Begin()) return std::move(*faulted);
  const auto all = core.store.Buckets();
  if (!all) return RestInternal();
  if (all->size() >= r2::kMaxBuckets) return V4Error(400, 10009, r2::kTooManyBuckets);
  const R2Bucket bucket{name, core.runtime.Wall().ms, location, storage_class};
  const auto created = core.store.CreateBucket(bucket);
  if (!created) return RestInternal();
  if (!*created) return V4Error(409, 10004, r2::kBucketConflict);
  return V4Result(DumpJson(JsonOf(bucket)));
}

Response BucketDelete(R2Core& core, const std::string& name, CallNote& note) {
  note.operation = "r2.rest.delete_bucket";
  if (auto faulted = note.Begin()) return std::move(*faulted);
  const auto deleted = core.store.DeleteBucket(name);
  if (!deleted) return RestInternal();
  if (*deleted == R2Store::Deleted::kAbsent) return RestNoBucket();
  if (*deleted == R2Store::Deleted::kDone) return V4Result("{}");
  return V4Error(409, 10008, "The bucket you tried to delete (" + name + ") is not empty");
}

Response OneBucket(R2Core& core, const Request& request, const R2Bucket& bucket, CallNote& note) {
  if (request.method == "DELETE") return BucketDelete(core, bucket.name, note);
  if (request.method == "GET") {
    note.operation = "r2.rest.get_bucket";
    if (auto faulted = note.Begin()) return std::move(*faulted);
    return V4Result(DumpJson(JsonOf(bucket)));
  }
  if (request.method != "PATCH") return V4NoRoute(request.Path());
  note.operation = "r2.rest.update_bucket";
  R2Bucket changed = bucket;
  changed.storage_class = std::string(request.headers.Get("cf-r2-storage-class"));
  if (!IsStorageClass(changed.storage_class)) return BadJson();
  if (auto faulted = note.Begin()) return std::move(*faulted);
  if (!core.store.SetStorageClass(bucket.name, changed.storage_class)) return RestInternal();
  return V4Result(DumpJson(JsonOf(changed)));
}

Response Cors(R2Core& core, Request& request, const std::string& bucket, CallNote& note) {
  if (request.method == "GET") {
    note.operation = "r2.rest.get_cors";
    if (auto faulted = note.Begin()) return std::move(*faulted);
    const auto stored = core.store.Document(bucket, "cors");
    if (!stored) return RestInternal();
    return *stored ? V4Result(**stored) : V4Error(404, 10059, r2::kNoCors);
  }
  std::optional<std::string> document;
  note.operation = request.method == "PUT" ? "r2.rest.put_cors" : "r2.rest.delete_cors";
  if (request.method == "PUT") {
    const auto body = ReadBody(core, request);
    const auto rules = CorsFromJson(body.value_or(""));
    if (!rules) return BadJson();
    document = CorsToJson(*rules);
  } else if (request.method != "DELETE") {
    return V4NoRoute(request.Path());
  }
  if (auto faulted = note.Begin()) return std::move(*faulted);
  return core.store.SetDocument(bucket, "cors", document) ? V4Result("{}") : RestInternal();
}

// Its JSON is not S3's XML: what one API has set, the other does not show.
Response Lifecycle(R2Core& core, Request& request, const std::string& bucket, CallNote& note) {
  if (request.method == "GET") {
    note.operation = "r2.rest.get_lifecycle";
    if (auto faulted = note.Begin()) return std::move(*faulted);
    const auto xml = core.store.Document(bucket, "lifecycle");
    const auto stored = core.store.Document(bucket, "lifecycle_rest");
    if (!xml || !stored) return RestInternal();
    if (*xml) return V4Gap(note.operation, "a lifecycle that was set over S3");
    return V4Result(stored->value_or(std::string(r2::kFirstLifecycle)));
  }
  if (request.method != "PUT") return V4NoRoute(request.Path());
  note.operation = "r2.rest.put_lifecycle";
  const auto body = ReadBody(core, request);
  const auto json = ParseJson(body.value_or(""));
  const Json* rules = json ? Find(*json, "rules") : nullptr;
  if (rules == nullptr || !rules->is_array()) return BadJson();
  if (auto faulted = note.Begin()) return std::move(*faulted);
  const bool done = core.store.SetDocument(bucket, "lifecycle", std::nullopt).ok() &&
                    core.store.SetDocument(bucket, "lifecycle_rest", DumpJson(*json)).ok();
  return done ? V4Result("{}") : RestInternal();
}

}  // namespace

Response RestInternal() {
  return V4Error(500, 10001, "We encountered an internal error. Please try again.");
}

Response RestNoBucket() {
  return V4Error(404, 10006, "The specified bucket does not exist.");
}

Response RestCall(R2Core& core, Request& request, CallNote& note) {
  note.operation = "r2.rest";
  const std::string target(request.Path());
  constexpr std::string_view kRoot = "/r2/";
  const std::size_t root = target.find(kRoot);
  if (root == std::string::npos) return V4NoRoute(target);
  const std::string_view route = std::string_view(target).substr(root + kRoot.size());
  const Parts parts = Split(route, '/');
  if (const Operation* gap = FindGap(kGaps, {parts.begin(), parts.end()})) {
    note.operation = gap->name;
    return V4Gap(gap->name, std::string("This emulator does not do ") + gap->gap);
  }
  if (parts.front() != "buckets") return NoRoute();
  if (parts.size() == 1) {
    if (request.method == "GET") return BucketList(core, request, note);
    return request.method == "POST" ? BucketCreate(core, request, note) : V4NoRoute(target);
  }
  const auto name = PercentDecode(parts[1]);
  if (!name) return V4NoRoute(target);
  note.subject = *name;
  const auto bucket = core.store.FindBucket(*name);
  if (!bucket) return RestInternal();
  if (!*bucket) {
    note.operation = "r2.rest.unknown_bucket";
    return RestNoBucket();
  }
  if (parts.size() == 2) return OneBucket(core, request, **bucket, note);
  if (parts[2] == kObjects && parts.size() == 3) return RestObjectList(core, request, *name, note);
  if (parts[2] == kObjects) {
    const auto start = static_cast<std::size_t>(parts[3].data() - route.data());
    const auto key = PercentDecode(route.substr(start));  // slashes are the key's
    if (!key || !IsKey(*key)) return V4Error(400, 10020, "The specified object name is not valid.");
    note.subject = *key;
    return RestObject(core, request, S3Address{*name, *key}, note);
  }
  if (parts[2] == "cors" && parts.size() == 3) return Cors(core, request, *name, note);
  if (parts[2] == "lifecycle" && parts.size() == 3) return Lifecycle(core, request, *name, note);
  return NoRoute();
}

FakeOperations R2RestGaps() {
  FakeOperations of = RefusedOf("R2", "/client/v4/accounts/{}/r2", kGaps);
  of.operations.insert(of.operations.end(), std::begin(kPartly), std::end(kPartly));
  return of;
}

}  // namespace mg::fake
