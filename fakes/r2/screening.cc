#include "fakes/r2/screening.h"

#include <algorithm>
#include <iterator>

#include "core/base/bytes.h"
#include "fakes/r2/xml.h"

namespace mg::fake {
namespace {

struct SubResource {
  std::string_view parameter;
  std::string_view method;
  std::string_view operation;
};

// R2's names, its slip in policyStatus included.
constexpr SubResource kOfBuckets[] = {
    {"versions", "GET", "ListObjectVersions"},
    {"policy", "GET", "GetBucketPolicy"},
    {"policyStatus", "GET", "GetGetBucketPolicyStatus"},
    {"website", "GET", "GetBucketWebsite"},
    {"notification", "GET", "GetBucketNotificationConfiguration"},
    {"requestPayment", "GET", "GetBucketRequestPayment"},
    {"logging", "GET", "GetBucketLogging"},
    {"accelerate", "GET", "GetBucketAccelerateConfiguration"},
    {"publicAccessBlock", "GET", "GetPublicAccessBlock"},
    {"ownershipControls", "GET", "GetBucketOwnershipControls"},
    {"intelligent-tiering", "GET", "GetBucketIntelligentTieringConfiguration"},
    {"inventory", "GET", "GetBucketInventoryConfiguration"},
    {"metrics", "GET", "GetBucketMetricsConfiguration"},
    {"analytics", "GET", "GetBucketAnalyticsConfiguration"},
    {"policy", "PUT", "PutBucketPolicy"},
    {"website", "PUT", "PutBucketWebsite"},
    {"notification", "PUT", "PutBucketNotificationConfiguration"},
    {"requestPayment", "PUT", "PutBucketRequestPayment"},
    {"logging", "PUT", "PutBucketLogging"},
    {"accelerate", "PUT", "PutBucketAccelerateConfiguration"},
    {"publicAccessBlock", "PUT", "PutPublicAccessBlock"},
    {"ownershipControls", "PUT", "PutBucketOwnershipControls"},
    {"intelligent-tiering", "PUT", "PutBucketIntelligentTieringConfiguration"},
    {"inventory", "PUT", "PutBucketInventoryConfiguration"},
    {"metrics", "PUT", "PutBucketMetricsConfiguration"},
    {"analytics", "PUT", "PutBucketAnalyticsConfiguration"},
    {"acl", "PUT", "PutBucketAcl"},
    {"tagging", "PUT", "PutBucketTagging"},
    {"replication", "PUT", "PutBucketReplication"},
    {"object-lock", "PUT", "PutObjectLockConfiguration"},
    {"versioning", "PUT", "PutBucketVersioning"}};

constexpr SubResource kOfObjects[] = {
    {"tagging", "GET", "GetObjectTagging"},       {"acl", "GET", "GetObjectAcl"},
    {"attributes", "GET", "GetObjectAttributes"}, {"torrent", "GET", "GetObjectTorrent"},
    {"retention", "GET", "GetObjectRetention"},   {"legal-hold", "GET", "GetObjectLegalHold"},
    {"tagging", "PUT", "PutObjectTagging"},       {"acl", "PUT", "PutObjectAcl"},
    {"retention", "PUT", "PutObjectRetention"},   {"legal-hold", "PUT", "PutObjectLegalHold"},
    {"select", "POST", "SelectObjectContent"},    {"restore", "POST", "RestoreObject"}};

constexpr std::string_view kCannedAcls[] = {
    "private",       "public-read",       "public-read-write",         "authenticated-read",
    "aws-exec-read", "bucket-owner-read", "bucket-owner-full-control", "log-delivery-write"};

template <std::size_t N>
std::optional<Response> Screen(const SubResource (&table)[N], std::string_view method,
                               const S3Query& query) {
  for (const SubResource& row : table) {
    if (row.method == method && query.Has(row.parameter))
      return S3NotImplemented(std::string(row.operation));
  }
  return std::nullopt;
}

bool StartsWith(std::string_view text, std::string_view start) {
  return text.substr(0, start.size()) == start;
}

// R2's own refusals. `name` in lower case.
bool IsRefused(std::string_view name, std::string_view value, std::string_view operation) {
  if (name == "x-amz-expected-bucket-owner" || name == "x-amz-tagging") return true;
  if (name == "x-amz-website-redirect-location" || StartsWith(name, "x-amz-grant-")) return true;
  if (name == "x-amz-bucket-object-lock-enabled") return !EqualsIgnoreCase(value, "false");
  if (StartsWith(name, "x-amz-object-lock-")) return true;
  if (name == "x-amz-server-side-encryption") return value != "AES256";
  if (StartsWith(name, "x-amz-server-side-encryption-aws-kms-") ||
      name == "x-amz-server-side-encryption-context" ||
      name == "x-amz-server-side-encryption-bucket-key-enabled") {
    return true;
  }
  if (name == "x-amz-acl")
    return std::find(std::begin(kCannedAcls), std::end(kCannedAcls), value) ==
           std::end(kCannedAcls);
  const bool deletes = operation == "r2.delete" || operation == "r2.delete_many";
  if (name == "x-amz-mfa" || name == "x-amz-bypass-governance-retention") return deletes;
  if (name == "x-amz-checksum-algorithm") return operation == "r2.copy";
  return operation == "r2.copy_part" && StartsWith(name, "x-amz-copy-source-if-");
}

}  // namespace

std::optional<Response> ScreenBucketQuery(std::string_view method, const S3Query& query) {
  return Screen(kOfBuckets, method, query);
}

std::optional<Response> ScreenObjectQuery(std::string_view method, const S3Query& query) {
  return Screen(kOfObjects, method, query);
}

std::optional<Response> ScreenHeaders(const Headers& headers, std::string_view operation) {
  for (const Headers::Line& line : headers.lines()) {
    const std::string name = AsciiLower(line.name);
    const std::string what = "Header '" + name + "' with value '" + line.value + "'";
    if (IsRefused(name, line.value, operation)) return S3NotImplemented(what);
    const bool own_key = StartsWith(name, "x-amz-server-side-encryption-customer-") ||
                         StartsWith(name, "x-amz-copy-source-server-side-encryption-customer-");
    if (own_key) return S3Gap(operation, "Header '" + name + "'");
  }
  const std::string_view storage_class = headers.Get("x-amz-storage-class");
  if (storage_class.empty() || storage_class == "STANDARD" || storage_class == "STANDARD_IA")
    return std::nullopt;
  return S3Error(400, "InvalidStorageClass", "The storage class specified is not valid.");
}

}  // namespace mg::fake
