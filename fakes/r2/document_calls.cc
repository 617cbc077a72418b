// CORS and lifecycle of a bucket over S3: stored and given back. CORS is kept as the REST API's
// JSON, so that both APIs see one; a lifecycle document stays as it came.
#include <utility>

#include "core/base/json.h"
#include "fakes/r2/calls.h"
#include "fakes/r2/cors.h"
#include "fakes/r2/limits.h"
#include "fakes/r2/payload.h"
#include "fakes/r2/xml.h"
#include "fakes/r2/xml_reader.h"

namespace mg::fake {
namespace {

Response CorsRemoved(R2Core& core, S3Call& call) {
  if (auto faulted = call.note.Begin()) return std::move(*faulted);
  const bool done = core.store.SetDocument(call.address.bucket, "cors", std::nullopt).ok();
  return done ? Answer(204) : S3Internal();
}

// Kept as no rules: a bucket without any document has those that it began with.
Response LifecycleRemoved(R2Core& core, S3Call& call) {
  const std::string& bucket = call.address.bucket;
  if (auto faulted = call.note.Begin()) return std::move(*faulted);
  const bool done =
      core.store.SetDocument(bucket, "lifecycle", std::nullopt).ok() &&
      core.store.SetDocument(bucket, "lifecycle_rest", std::string(r2::kNoRules)).ok();
  return done ? Answer(204) : S3Internal();
}

bool HasRules(const std::string& lifecycle) {
  const auto json = ParseJson(lifecycle);
  const Json* rules = json ? Find(*json, "rules") : nullptr;
  return rules != nullptr && !rules->empty();
}

std::optional<Response> ReadConfiguration(R2Core& core, S3Call& call, std::string& out) {
  if (auto refused = ReadDocument(call.request, call.signature, core.runtime, out)) return refused;
  if (out.size() <= r2::kMaxConfigurationBytes) return std::nullopt;
  return S3MalformedXml();
}

bool IsLifecycle(const std::string& body) {
  const auto document = ParseXml(body);
  if (!document || document->name != "LifecycleConfiguration" || document->children.empty())
    return false;
  for (const XmlNode& rule : document->children) {
    const std::string_view status = rule.TextOf("Status");
    if (rule.name != "Rule" || (status != "Enabled" && status != "Disabled")) return false;
  }
  return true;
}

}  // namespace

Response CorsCall(R2Core& core, S3Call& call) {
  const std::string& method = call.request.method;
  if (method == "DELETE") return CorsRemoved(core, call);
  if (method == "GET") {
    if (auto faulted = call.note.Begin()) return std::move(*faulted);
    const auto stored = core.store.Document(call.address.bucket, "cors");
    if (!stored) return S3Internal();
    const auto rules = *stored ? CorsFromJson(**stored) : std::nullopt;
    return rules ? CorsAsXml(*rules) : S3Error(404, "NoSuchCORSConfiguration", r2::kNoCors);
  }
  std::string body;
  if (auto refused = ReadConfiguration(core, call, body)) return std::move(*refused);
  const auto rules = CorsFromXml(body);
  if (!rules) return S3MalformedXml();
  if (auto faulted = call.note.Begin()) return std::move(*faulted);
  const bool done = core.store.SetDocument(call.address.bucket, "cors", CorsToJson(*rules)).ok();
  return done ? Answer(200) : S3Internal();
}

Response LifecycleCall(R2Core& core, S3Call& call) {
  const std::string& method = call.request.method;
  if (method == "DELETE") return LifecycleRemoved(core, call);
  if (method == "GET") {
    if (auto faulted = call.note.Begin()) return std::move(*faulted);
    const auto stored = core.store.Document(call.address.bucket, "lifecycle");
    const auto of_rest = core.store.Document(call.address.bucket, "lifecycle_rest");
    if (!stored || !of_rest) return S3Internal();
    if (*stored) return TextResponse(200, **stored, "application/xml");
    if (!*of_rest) return TextResponse(200, std::string(r2::kFirstLifecycleXml), "application/xml");
    if (HasRules(**of_rest)) return S3Gap(call.note.operation, "A lifecycle set over REST is");
    return S3Error(404, "NoSuchLifecycleConfiguration", r2::kNoLifecycle);
  }
  std::string body;
  if (auto refused = ReadConfiguration(core, call, body)) return std::move(*refused);
  if (!IsLifecycle(body)) return S3MalformedXml();
  if (auto faulted = call.note.Begin()) return std::move(*faulted);
  const bool done =
      core.store.SetDocument(call.address.bucket, "lifecycle_rest", std::nullopt).ok() &&
      core.store.SetDocument(call.address.bucket, "lifecycle", body).ok();
  return done ? Answer(200) : S3Internal();
}

}  // namespace mg::fake
