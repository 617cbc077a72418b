#include "fakes/r2/r2.h"

#include <algorithm>
#include <chrono>
#include <iterator>
#include <optional>
#include <utility>

#include "core/base/bytes.h"
#include "core/base/digest.h"
#include "core/clients/sigv4.h"
#include "fakes/r2/auth.h"
#include "fakes/r2/checksums.h"
#include "fakes/r2/store.h"
#include "fakes/r2/xml.h"

namespace mg::fake {
namespace {

constexpr std::size_t kMaxObjectBytes = 64 * 1024 * 1024;  // ours: the service takes 5 GiB - 5 MiB
constexpr std::size_t kMaxKeyBytes = 1024;
constexpr std::size_t kMaxMetadataBytes = 8192;
constexpr std::chrono::seconds kBodyDeadline{60};
constexpr std::string_view kMetadataPrefix = "x-amz-meta-";
constexpr std::string_view kDefaultType = "application/octet-stream";

constexpr std::string_view kStoredHeaders[] = {"content-type",     "content-encoding",
                                               "content-language", "content-disposition",
                                               "cache-control",    "expires"};

// By prefix. What would change the meaning of a call must not be dropped in silence.
constexpr std::string_view kUnknownHeaders[] = {"x-amz-expected-bucket-owner",
                                                "x-amz-tagging",
                                                "x-amz-grant-",
                                                "x-amz-website-",
                                                "x-amz-object-lock-",
                                                "x-amz-server-side-encryption",
                                                "x-amz-copy-source",
                                                "x-amz-trailer",
                                                "x-amz-checksum-crc32c",
                                                "x-amz-checksum-crc64nvme",
                                                "x-amz-checksum-sha",
                                                "range",
                                                "if-"};

bool StartsWith(std::string_view text, std::string_view start) {
  return text.substr(0, start.size()) == start;
}

struct Address {
  std::string bucket;
  std::string key;
};

// Path style, each part decoded once: "a%2Fb" and "a/b" are one key. nullopt on a bad escape.
std::optional<Address> ParseAddress(std::string_view path) {
  path.remove_prefix(path.empty() ? 0 : 1);
  const std::size_t slash = path.find('/');
  auto bucket = PercentDecode(path.substr(0, slash));
  auto key =
      PercentDecode(slash == std::string_view::npos ? std::string_view() : path.substr(slash + 1));
  if (!bucket || !key) return std::nullopt;
  return Address{std::move(*bucket), std::move(*key)};
}

// "Sun, 06 Nov 1994 08:49:37 GMT"
std::string HttpDate(std::int64_t ms) {
  constexpr std::string_view kDays[] = {"Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"};
  constexpr std::string_view kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                          "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const std::string amz = AmzDate(WallTime{ms});  // 20261122T225103Z
  const auto month = static_cast<std::size_t>(ParseInt(amz.substr(4, 2)).value_or(1) - 1);
  const auto weekday = static_cast<std::size_t>(ms / 86'400'000 % 7);
  std::string out(kDays[weekday]);
  out.append(", ").append(amz, 6, 2).append(" ").append(kMonths[month]).append(" ");
  out.append(amz, 0, 4).append(" ").append(amz, 9, 2).append(":").append(amz, 11, 2);
  return out.append(":").append(amz, 13, 2).append(" GMT");
}

std::string ObjectOperation(std::string_view method) {
  if (method == "PUT") return "r2.put";
  if (method == "GET") return "r2.get";
  if (method == "HEAD") return "r2.head";
  if (method == "DELETE") return "r2.delete";
  if (method == "POST") return "r2.multipart";
  return "";
}

std::optional<Response> CheckParameters(const Request& request, std::string_view operation) {
  for (const std::string_view part : Split(request.Query(), '&')) {
    const std::string name = PercentDecode(part.substr(0, part.find('='))).value_or("?");
    if (name.empty() || name == "x-id" || StartsWith(name, "X-Amz-")) continue;
    return S3Gap(operation, "Search parameter " + name);
  }
  return std::nullopt;
}

std::optional<Response> CheckHeaders(const Headers& headers, std::string_view operation) {
  for (const Headers::Line& line : headers.lines()) {
    const std::string name = AsciiLower(line.name);
    const bool unknown =
        std::any_of(std::begin(kUnknownHeaders), std::end(kUnknownHeaders),
                    [&name](std::string_view start) { return StartsWith(name, start); });
    if (!unknown) continue;
    return S3Gap(operation, "Header '" + name + "' with value '" + line.value + "'");
  }
  const std::string_view storage_class = headers.Get("x-amz-storage-class");
  if (storage_class.empty() || storage_class == "STANDARD") return std::nullopt;
  if (storage_class == "STANDARD_IA") return S3Gap(operation, "STANDARD_IA");
  return S3Error(400, "InvalidStorageClass", "The storage class specified is not valid.");
}

Response InvalidName() {
  return S3Error(400, "InvalidObjectName", "The specified object name is not valid.");
}

std::optional<Response> CheckKey(const std::string& key) {
  if (key.size() <= kMaxKeyBytes && IsValidUtf8(key)) return std::nullopt;
  return InvalidName();
}

Headers StoredHeaders(const Request& request) {
  Headers stored;
  for (const std::string_view name : kStoredHeaders) {
    if (request.headers.Has(name)) stored.Set(name, request.headers.Get(name));
  }
  for (const Headers::Line& line : request.headers.lines()) {
    const std::string name = AsciiLower(line.name);
    if (StartsWith(name, kMetadataPrefix)) stored.Set(name, line.value);
  }
  if (request.headers.Has(kCrc32Header)) {
    stored.Set(kCrc32Header, request.headers.Get(kCrc32Header));
  }
  return stored;
}

bool MetadataFits(const Headers& stored) {
  std::size_t bytes = 0;
  for (const Headers::Line& line : stored.lines()) {
    if (!StartsWith(line.name, kMetadataPrefix)) continue;
    bytes += line.name.size() - kMetadataPrefix.size() + line.value.size();
  }
  return bytes <= kMaxMetadataBytes;
}

Response Broken() {
  return S3Error(500, "InternalError", "We encountered an internal error. Please try again.");
}

Response NoRoute() {
  return S3Error(404, "RouteNotFound", "No route matches this url.");
}

Response Empty(int status) {
  Response response;
  response.status = status;
  return response;
}

Response BucketCall(const Request& request, CallNote& note) {
  if (request.method == "HEAD") {
    note.operation = "r2.head_bucket";
    if (auto faulted = note.Begin()) return std::move(*faulted);
    Response response = Empty(200);
    response.headers.Set("x-amz-bucket-region", "auto");
    return response;
  }
  if (request.method == "GET") note.operation = "r2.list";
  if (request.method == "PUT") note.operation = "r2.create_bucket";
  if (request.method == "DELETE") note.operation = "r2.delete_bucket";
  if (request.method == "POST") note.operation = "r2.delete_many";
  if (note.operation.empty()) return NoRoute();
  return S3Gap(note.operation, request.method + " on a bucket");
}

}  // namespace

class R2::Impl {
 public:
  Impl(const Credentials& credentials, const std::string& folder, Runtime& runtime)
      : credentials_(credentials),
        runtime_(runtime),
        store_(folder.empty() ? "" : folder + "/r2.sqlite") {}

  Response Handle(Request& request, CallNote& note);
  void Reset() { (void)store_.Clear(); }

 private:
  std::optional<Response> ReadBody(Request& request);
  Response Route(Request& request, CallNote& note);
  Response ObjectCall(Request& request, const std::string& key, CallNote& note);
  Response Put(const Request& request, CallNote& note, const std::string& key);
  Response Get(const Request& request, CallNote& note, const std::string& key);
  Response Delete(CallNote& note, const std::string& key);

  const Credentials& credentials_;
  Runtime& runtime_;
  R2Store store_;
};

Response R2::Impl::Handle(Request& request, CallNote& note) {
  Response response = Route(request, note);
  if (note.operation.empty()) note.operation = "r2.unknown";
  if (request.method == "HEAD") response.body = Body();  // a refused HEAD is its status alone
  return response;
}

// Authentication comes first: a stranger does not learn which buckets and objects there are.
Response R2::Impl::Route(Request& request, CallNote& note) {
  if (auto refused = CheckSignature(request, credentials_, runtime_.Wall())) {
    note.operation = "r2.refused";
    return std::move(*refused);
  }
  const std::string payload(request.headers.Get("x-amz-content-sha256"));
  if (StartsWith(payload, "STREAMING-")) return S3Gap("r2.streaming", payload);
  if (auto refused = ReadBody(request)) return std::move(*refused);
  if (auto refused = CheckPayload(request)) return std::move(*refused);

  const auto address = ParseAddress(request.Path());
  if (!address) return InvalidName();
  if (address->bucket.empty()) {
    return request.method == "GET" ? S3Gap("r2.list_buckets", "ListBuckets") : NoRoute();
  }
  note.subject = address->key;
  if (address->bucket != credentials_.r2_bucket) {
    return S3Error(404, "NoSuchBucket", "The specified bucket does not exist.");
  }
  if (address->key.empty()) return BucketCall(request, note);
  return ObjectCall(request, address->key, note);
}

std::optional<Response> R2::Impl::ReadBody(Request& request) {
  if (request.method == "PUT" && !request.body.length()) {
    return S3Error(411, "MissingContentLength", "You must provide the Content-Length HTTP header.");
  }
  const Status read = request.body.Buffer(kMaxObjectBytes, runtime_.Now() + kBodyDeadline);
  if (read) return std::nullopt;
  if (read.error().code == Code::kExhausted) {
    return S3Error(400, "EntityTooLarge",
                   "Your proposed upload exceeds the maximum allowed object size.");
  }
  return S3Error(400, "IncompleteBody", "The request body terminated unexpectedly");
}

Response R2::Impl::ObjectCall(Request& request, const std::string& key, CallNote& note) {
  note.operation = ObjectOperation(request.method);
  if (note.operation.empty()) return NoRoute();
  if (auto refused = CheckKey(key)) return std::move(*refused);
  if (auto refused = CheckParameters(request, note.operation)) return std::move(*refused);
  if (auto refused = CheckHeaders(request.headers, note.operation)) return std::move(*refused);
  if (request.method == "PUT") return Put(request, note, key);
  if (request.method == "GET" || request.method == "HEAD") return Get(request, note, key);
  if (request.method == "DELETE") return Delete(note, key);
  return S3Gap(note.operation, "POST on an object");
}

Response R2::Impl::Delete(CallNote& note, const std::string& key) {
  if (auto faulted = note.Begin()) return std::move(*faulted);
  return store_.Delete(key) ? Empty(204) : Broken();
}

Response R2::Impl::Put(const Request& request, CallNote& note, const std::string& key) {
  R2Object object;
  object.headers = StoredHeaders(request);
  if (!MetadataFits(object.headers)) {
    return S3Error(400, "MetadataTooLarge",
                   "Your metadata headers exceed the maximum allowed metadata size.");
  }
  const std::string md5 = Md5(request.body.bytes());
  if (auto refused = CheckChecksums(request, md5)) return std::move(*refused);
  object.etag = HexEncode(md5);
  object.body = request.body.bytes();
  object.size_bytes = static_cast<std::int64_t>(object.body.size());
  object.modified_ms = runtime_.Wall().ms;
  if (auto faulted = note.Begin()) return std::move(*faulted);
  if (!store_.Put(key, object)) return Broken();
  Response response = Empty(200);
  response.headers.Set("etag", "\"" + object.etag + "\"");
  if (object.headers.Has(kCrc32Header)) {
    response.headers.Set(kCrc32Header, object.headers.Get(kCrc32Header));
  }
  return response;
}

Response R2::Impl::Get(const Request& request, CallNote& note, const std::string& key) {
  if (auto faulted = note.Begin()) return std::move(*faulted);
  const bool with_body = request.method == "GET";
  auto found = store_.Get(key, with_body);
  if (!found) return Broken();
  if (!found.value()) return S3Error(404, "NoSuchKey", "The specified key does not exist.");
  R2Object& object = *found.value();
  Response response = Empty(200);
  response.headers = std::move(object.headers);
  if (request.headers.Get("x-amz-checksum-mode") != "ENABLED") {
    response.headers.Remove(kCrc32Header);
  }
  if (!response.headers.Has("content-type")) response.headers.Set("content-type", kDefaultType);
  response.headers.Set("etag", "\"" + object.etag + "\"");
  response.headers.Set("last-modified", HttpDate(object.modified_ms));
  // A HEAD has no body to take the length from.
  if (!with_body) response.headers.Set("content-length", std::to_string(object.size_bytes));
  response.body = Body(std::move(object.body));
  return response;
}

R2::R2(const Credentials& credentials, const std::string& folder, Runtime& runtime)
    : impl_(std::make_unique<Impl>(credentials, folder, runtime)) {}
R2::~R2() = default;

Response R2::Handle(Request& request, CallNote& note, CancelToken&) {
  return impl_->Handle(request, note);
}

void R2::Reset() {
  impl_->Reset();
}

}  // namespace mg::fake
