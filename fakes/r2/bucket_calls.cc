// Buckets over S3 (wire/storage.md 4.5), and what is always the same about each.
#include <algorithm>
#include <iterator>
#include <utility>

#include "core/base/bytes.h"
#include "core/base/digest.h"
#include "core/base/utc.h"
#include "fakes/r2/calls.h"
#include "fakes/r2/limits.h"
#include "fakes/r2/payload.h"
#include "fakes/r2/screening.h"
#include "fakes/r2/xml.h"
#include "fakes/r2/xml_reader.h"

namespace mg::fake {
namespace {

constexpr std::string_view kLocations[] = {"auto", "",     "us-east-1", "wnam", "enam",
                                           "weur", "eeur", "apac",      "oc"};

Response InvalidBucketName() {
  return S3Error(400, "InvalidBucketName", r2::kBadBucketName);
}

std::string Upper(std::string text) {
  for (char& c : text)
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  return text;
}

// What CreateBucket's body says; "" for none. The refusal when it is no such document.
std::optional<Response> ReadLocation(const std::string& body, std::string& out) {
  if (TrimSpace(body).empty()) return std::nullopt;
  const auto document = ParseXml(body);
  if (!document || document->name != "CreateBucketConfiguration") return S3MalformedXml();
  out = AsciiLower(document->TextOf("LocationConstraint"));
  if (std::find(std::begin(kLocations), std::end(kLocations), out) != std::end(kLocations))
    return std::nullopt;
  return S3Error(400, "InvalidLocationConstraint", r2::kBadLocation);
}

R2Bucket NewBucket(const R2Core& core, std::string name, const std::string& hint) {
  const bool says = !hint.empty() && hint != "auto" && hint != "us-east-1";
  return {std::move(name), core.runtime.Wall().ms,
          says ? Upper(hint) : std::string(r2::kDefaultLocation), "Standard"};
}

Response CreateBucket(R2Core& core, S3Call& call, const std::string& body) {
  const std::string& name = call.address.bucket;
  if (!IsBucketName(name)) return InvalidBucketName();
  std::string hint;
  if (auto refused = ReadLocation(body, hint)) return std::move(*refused);
  if (auto faulted = call.note.Begin()) return std::move(*faulted);
  const auto all = core.store.Buckets();
  if (!all) return S3Internal();
  if (all->size() >= r2::kMaxBuckets) return S3Error(400, "TooManyBuckets", r2::kTooManyBuckets);
  const auto created = core.store.CreateBucket(NewBucket(core, name, hint));
  if (!created) return S3Internal();
  if (!*created) return S3Error(409, r2::kBucketConflictCode, r2::kBucketConflict);
  Response response = Answer(200);
  response.headers.Set("location", "/" + name);
  return response;
}

Response DeleteBucket(R2Core& core, S3Call& call) {
  if (auto faulted = call.note.Begin()) return std::move(*faulted);
  const std::string& name = call.address.bucket;
  const auto deleted = core.store.DeleteBucket(name);
  if (!deleted) return S3Internal();
  if (*deleted == R2Store::Deleted::kAbsent) return S3NoSuchBucket();
  if (*deleted == R2Store::Deleted::kDone) return Answer(204);
  return S3Error(409, "BucketNotEmpty",
                 "The bucket you tried to delete (" + name + ") is not empty (account " +
                     core.credentials.account_id + ")");
}

Response HeadBucket(R2Core&, S3Call& call) {
  if (auto faulted = call.note.Begin()) return std::move(*faulted);
  Response response = Answer(200);
  response.headers.Set("x-amz-bucket-region", "auto");
  return response;
}

Response GetLocation(R2Core& core, S3Call& call) {
  for (const std::string& name : call.query.Unknown({"location"}))
    return S3InvalidArgument("Search param " + name + " is unsupported for bucket location");
  if (auto faulted = call.note.Begin()) return std::move(*faulted);
  const auto bucket = core.store.FindBucket(call.address.bucket);
  if (!bucket) return S3Internal();
  if (!*bucket) return S3NoSuchBucket();
  std::string xml = R"(<?xml version="1.0" encoding="UTF-8"?><LocationConstraint)";
  xml += R"( xmlns="http://s3.amazonaws.com/doc/2006-03-01/">)" + (*bucket)->location;
  return TextResponse(200, xml + "</LocationConstraint>", "application/xml");
}

// Every bucket is as a new one here, and stays so.
Response StaticAnswer(S3Call& call) {
  const S3Query& query = call.query;
  if (auto faulted = call.note.Begin()) return std::move(*faulted);
  if (query.Has("versioning")) return XmlWriter("VersioningConfiguration").Answer();
  if (query.Has("encryption")) {
    return XmlWriter("ServerSideEncryptionConfiguration")
        .Open("Rule")
        .Open("ApplyServerSideEncryptionByDefault")
        .Text("SSEAlgorithm", "AES256")
        .Close()
        .Flag("BucketKeyEnabled", true)
        .Answer();
  }
  if (query.Has("tagging")) return S3Error(404, "NoSuchTagSet", "The TagSet does not exist.");
  if (query.Has("object-lock")) {
    return S3Error(404, "ObjectLockConfigurationNotFoundError",
                   "Object Lock configuration does not exist for this bucket.");
  }
  return S3Error(404, "ReplicationConfigurationNotFoundError",
                 "The replication configuration was not found.");
}

bool IsStatic(const S3Query& query) {
  for (const char* name : {"versioning", "encryption", "tagging", "object-lock", "replication"})
    if (query.Has(name)) return true;
  return false;
}

std::optional<Response> UnknownOnRoute(const S3Call& call) {
  std::string names;
  for (const std::string& name : call.query.Unknown({}))
    names.append(names.empty() ? "" : ", ").append("\"").append(name).append("\"");
  if (names.empty()) return std::nullopt;
  return S3InvalidArgument("Unsupported search param(s) " + names + " on a " + call.request.method +
                           " bucket route");
}

std::string OperationOf(const std::string& method, const S3Query& query) {
  if (method == "HEAD") return "r2.head_bucket";
  const bool configures = method == "GET" || method == "PUT" || method == "DELETE";
  const std::string verb = method == "GET" ? "get" : method == "PUT" ? "put" : "delete";
  for (const char* document : {"cors", "lifecycle", "encryption"})
    if (configures && query.Has(document)) return "r2." + verb + "_" + document;
  if (method == "GET") {
    if (query.Has("location")) return "r2.get_location";
    if (query.Has("uploads")) return "r2.list_uploads";
    return IsStatic(query) ? "r2.get_configuration" : "r2.list";
  }
  if (method == "PUT") return "r2.create_bucket";
  if (method == "DELETE") return "r2.delete_bucket";
  return method == "POST" ? "r2.delete_many" : "";
}

// PUT accepts the one algorithm there is, DELETE changes nothing.
Response EncryptionCall(S3Call& call, const std::string& body) {
  if (call.request.method == "GET") return StaticAnswer(call);
  const auto document = ParseXml(body);
  const XmlNode* rule = document ? document->Find("Rule") : nullptr;
  const XmlNode* by_default =
      rule != nullptr ? rule->Find("ApplyServerSideEncryptionByDefault") : nullptr;
  if (call.request.method == "PUT") {
    if (by_default == nullptr) return S3MalformedXml();
    if (by_default->TextOf("SSEAlgorithm") != "AES256")
      return S3NotImplemented("Encryption but AES256");
  }
  if (auto faulted = call.note.Begin()) return std::move(*faulted);
  return Answer(call.request.method == "PUT" ? 200 : 204);
}

}  // namespace

Response Answer(int status) {
  Response response;
  response.status = status;
  return response;
}

std::string VersionId(const R2Core& core, std::int64_t number) {
  const std::string text = "version " + std::to_string(number);
  return HexEncode(HmacSha256(core.credentials.s3_secret_access_key, text)).substr(0, 32);
}

void EnsureBucket(R2Core& core, const std::string& name) {
  (void)core.store.CreateBucket(NewBucket(core, name, ""));
}

std::optional<Response> NeedBucket(R2Core& core, const S3Call& call) {
  const std::string& name = call.address.bucket;
  const auto bucket = core.store.FindBucket(name);
  if (!bucket) return S3Internal();
  if (*bucket) return std::nullopt;
  const bool makes =
      call.request.headers.Get("cf-create-bucket-if-missing") == "true" &&
      (call.note.operation == "r2.put" || call.note.operation == "r2.create_multipart");
  if (!makes) return S3NoSuchBucket();
  if (!IsBucketName(name)) return InvalidBucketName();
  EnsureBucket(core, name);
  return std::nullopt;
}

// The extensions come as parameters or as headers, which win.
Response ListBuckets(R2Core& core, S3Call& call) {
  call.note.operation = "r2.list_buckets";
  std::string unused;
  if (auto refused = ReadDocument(call.request, call.signature, core.runtime, unused))
    return std::move(*refused);
  const auto option = [&call](const std::string& name) {
    const std::string_view header = call.request.headers.Get("cf-" + name);
    return header.empty() ? call.query.Get(name) : std::string(header);
  };
  const std::string prefix = option("prefix");
  const std::string after = std::max(option("start-after"), option("continuation-token"));
  const std::string most = option("max-keys");
  const auto limit = most.empty() ? std::optional(r2::kMaxPage) : ParseInt(most);
  if (!limit || *limit < 1 || *limit > r2::kMaxPage) {
    return S3Error(400, "InvalidMaxKeys", "MaxKeys params must be positive integer <= 1000.");
  }
  if (auto faulted = call.note.Begin()) return std::move(*faulted);
  const auto buckets = core.store.Buckets();
  if (!buckets) return S3Internal();
  XmlWriter xml("ListAllMyBucketsResult");
  xml.Open("Buckets");
  std::int64_t listed = 0;
  std::string last;
  bool truncated = false;
  for (const R2Bucket& bucket : *buckets) {
    if (bucket.name.compare(0, prefix.size(), prefix) != 0 || bucket.name <= after) continue;
    truncated = listed == *limit;
    if (truncated) break;
    ++listed;
    last = bucket.name;
    xml.Open("Bucket").Text("Name", bucket.name);
    xml.Text("CreationDate", UtcText(bucket.created_ms)).Close();
  }
  xml.Close().Open("Owner").Text("ID", core.credentials.account_id);
  xml.Text("DisplayName", core.credentials.account_id);
  Response response = xml.Answer();
  response.headers.Set("cf-is-truncated", truncated ? "true" : "false");
  if (truncated) response.headers.Set("cf-next-continuation-token", last);
  return response;
}

Response BucketCall(R2Core& core, S3Call& call) {
  const std::string& method = call.request.method;
  call.note.operation = OperationOf(method, call.query);
  const std::string& operation = call.note.operation;
  if (operation.empty()) return S3NoRoute();
  if (auto refused = ScreenBucketQuery(method, call.query)) return std::move(*refused);
  if (auto refused = ScreenHeaders(call.request.headers, operation)) return std::move(*refused);
  if (operation == "r2.create_bucket" || operation == "r2.delete_bucket") {
    if (auto refused = UnknownOnRoute(call)) return std::move(*refused);
  }
  if (operation != "r2.create_bucket") {
    if (auto refused = NeedBucket(core, call)) return std::move(*refused);
  }
  const bool reads_body = operation == "r2.delete_many" || operation == "r2.put_cors" ||
                          operation == "r2.put_lifecycle";
  std::string body;
  if (!reads_body) {
    if (auto refused = ReadDocument(call.request, call.signature, core.runtime, body))
      return std::move(*refused);
  }
  if (operation == "r2.create_bucket") return CreateBucket(core, call, body);
  if (operation == "r2.delete_bucket") return DeleteBucket(core, call);
  if (operation == "r2.head_bucket") return HeadBucket(core, call);
  if (operation == "r2.get_location") return GetLocation(core, call);
  if (operation == "r2.list_uploads") return ListMultipartUploads(core, call);
  if (operation == "r2.delete_many") return DeleteObjects(core, call);
  if (operation == "r2.get_configuration") return StaticAnswer(call);
  if (operation == "r2.list") return ListObjects(core, call);
  if (operation.find("encryption") != std::string::npos) return EncryptionCall(call, body);
  return operation.find("cors") != std::string::npos ? CorsCall(core, call)
                                                     : LifecycleCall(core, call);
}

}  // namespace mg::fake
