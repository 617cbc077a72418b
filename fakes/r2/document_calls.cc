// CORS and lifecycle of a bucket over S3: stored and given back. CORS is kept as the REST API's
// JSON, so that both APIs see one; a lifecycle document stays as it came.
#include <utility>

#include "fakes/r2/calls.h"
#include "fakes/r2/cors.h"
#include "fakes/r2/limits.h"
#include "fakes/r2/payload.h"
#include "fakes/r2/xml.h"
#include "fakes/r2/xml_reader.h"

namespace mg::fake {
namespace {

Response Removed(R2Core& core, S3Call& call, const std::string& kind) {
  if (auto faulted = call.note.Begin()) return std::move(*faulted);
  const bool done = core.store.SetDocument(call.address.bucket, kind, std::nullopt).ok() &&
                    core.store.SetDocument(call.address.bucket, kind + "_rest", std::nullopt).ok();
  return done ? Answer(204) : S3Internal();
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
  if (method == "DELETE") return Removed(core, call, "cors");
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
  if (method == "DELETE") return Removed(core, call, "lifecycle");
  if (method == "GET") {
    if (auto faulted = call.note.Begin()) return std::move(*faulted);
    const auto stored = core.store.Document(call.address.bucket, "lifecycle");
    const auto of_rest = core.store.Document(call.address.bucket, "lifecycle_rest");
    if (!stored || !of_rest) return S3Internal();
    if (!*stored && *of_rest) return S3Gap(call.note.operation, "A lifecycle set over REST is");
    if (!*stored) return S3Error(404, "NoSuchLifecycleConfiguration", r2::kNoLifecycle);
    return TextResponse(200, **stored, "application/xml");
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
