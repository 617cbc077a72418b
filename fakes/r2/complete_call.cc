// CompleteMultipartUpload and its checks, all of them made here and none at the parts' upload.
#include <algorithm>
#include <map>
#include <utility>

#include "core/base/bytes.h"
#include "core/base/digest.h"
#include "fakes/r2/calls.h"
#include "fakes/r2/conditions.h"
#include "fakes/r2/digests.h"
#include "fakes/r2/limits.h"
#include "fakes/r2/object_headers.h"
#include "fakes/r2/payload.h"
#include "fakes/r2/xml.h"
#include "fakes/r2/xml_reader.h"

namespace mg::fake {
namespace {

static_assert(r2::kMinPartBytes > r2::kInlineBytes, "only a last part's bytes may be in a row");

using Parts = std::vector<R2Part>;  // by number

Response PartNotFound() {
  return S3Error(400, "InvalidPart", "One or more of the specified parts could not be found.");
}

std::string WithoutQuotes(std::string_view etag) {
  if (etag.size() >= 2 && etag.front() == '"' && etag.back() == '"')
    etag = etag.substr(1, etag.size() - 2);
  return std::string(etag);
}

bool ChecksumsAgree(const XmlNode& named, const R2Part& part) {
  for (const Headers::Line& line : part.checksums.lines()) {
    const XmlNode* said = named.Find(ChecksumElement(*AlgorithmOfHeader(line.name)));
    if (said != nullptr && said->text != line.value) return false;
  }
  return true;
}

// The parts that the document names, in their order, or the refusal.
std::optional<Response> ChooseParts(const std::string& body, const Parts& uploaded, Parts& out) {
  const auto document = ParseXml(body);
  if (!document || document->name != "CompleteMultipartUpload" || document->children.empty())
    return S3MalformedXml();
  std::map<std::int64_t, const R2Part*> chosen;
  for (const XmlNode& named : document->children) {
    if (named.name != "Part") return S3MalformedXml();
    const auto number = ParseInt(TrimSpace(named.TextOf("PartNumber")));
    if (!number) return S3MalformedXml();
    const auto part = std::find_if(uploaded.begin(), uploaded.end(),
                                   [&](const R2Part& one) { return one.number == *number; });
    if (part == uploaded.end() || WithoutQuotes(named.TextOf("ETag")) != part->etag ||
        !ChecksumsAgree(named, *part)) {
      return PartNotFound();
    }
    if (!chosen.emplace(*number, &*part).second) {
      return S3Error(400, "InvalidPart", "There was a problem with the multipart upload.");
    }
  }
  for (const auto& [number, part] : chosen) out.push_back(*part);
  return std::nullopt;
}

std::optional<Response> CheckSizes(const Parts& parts) {
  const std::int64_t first = parts.front().size_bytes;
  std::uint64_t total = 0;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const std::int64_t size = parts[i].size_bytes;
    const bool last = i + 1 == parts.size();
    total += static_cast<std::uint64_t>(size);
    if (!last && size < static_cast<std::int64_t>(r2::kMinPartBytes)) {
      return S3Error(400, "EntityTooSmall",
                     "Your proposed upload is smaller than the minimum allowed object size.");
    }
    if (last ? size > first : size != first) {
      return S3Error(400, "InvalidPart", "All non-trailing parts must have the same length.");
    }
  }
  if (total <= r2::kMaxObjectBytes) return std::nullopt;
  return S3Error(400, "EntityTooLarge",
                 "Your proposed upload exceeds the maximum allowed object size.");
}

// Of the parts' values, when each has one: "<base64>-<n>". CRC64NVME is of the whole object alone,
// which is not computed.
void AddComposite(const Parts& parts, Headers& headers) {
  for (const Algorithm algorithm : kChecksumAlgorithms) {
    const std::string header = ChecksumHeader(algorithm);
    std::string values;
    for (const R2Part& part : parts)
      values += Base64Decode(part.checksums.Get(header)).value_or("");
    if (algorithm == Algorithm::kCrc64Nvme || values.size() != parts.size() * BytesOf(algorithm))
      continue;
    headers.Set(header,
                Base64Encode(DigestOf(algorithm, values)) + "-" + std::to_string(parts.size()));
  }
}

R2Object ObjectOf(const R2Upload& upload, const Parts& parts) {
  R2Object object;
  object.key = upload.key;
  object.headers = upload.headers;
  std::string digests;
  for (const R2Part& part : parts) {
    digests += HexDecode(part.etag).value_or("");
    object.size_bytes += part.size_bytes;
    object.part_sizes.push_back(part.size_bytes);
  }
  object.etag = HexEncode(Md5(digests)) + "-" + std::to_string(parts.size());
  AddComposite(parts, object.headers);
  return object;
}

}  // namespace

Response CompleteMultipartUpload(R2Core& core, S3Call& call) {
  // x-amz-checksum-* are of the object here, not of this body.
  const Headers sent = call.request.headers;
  for (const Algorithm algorithm : kChecksumAlgorithms)
    call.request.headers.Remove(ChecksumHeader(algorithm));
  std::string body;
  if (auto refused = ReadDocument(call.request, call.signature, core.runtime, body))
    return std::move(*refused);
  const auto number = UploadNumber(core, call.query.Get("uploadId"));
  if (!number) return S3NoSuchUpload();
  auto upload = core.store.FindUpload(*number);
  if (!upload) return S3Internal();
  const std::int64_t oldest = core.runtime.Wall().ms - r2::kUnfinishedUploadMs;
  const bool ours = *upload && (*upload)->open && (*upload)->started_ms >= oldest &&
                    (*upload)->bucket == call.address.bucket && (*upload)->key == call.address.key;
  if (!ours) return S3NoSuchUpload();
  const auto uploaded = core.store.Parts(*number);
  if (!uploaded) return S3Internal();
  Parts parts;
  if (auto refused = ChooseParts(body, *uploaded, parts)) return std::move(*refused);
  if (auto refused = CheckSizes(parts)) return std::move(*refused);
  R2Object object = ObjectOf(**upload, parts);
  if (auto faulted = call.note.Begin()) return std::move(*faulted);
  object.modified_ms = core.runtime.Wall().ms;
  const Conditions conditions = ReadConditions(sent);
  const auto written = core.store.Complete(
      **upload, object, parts, [&](const R2Object* there) { return Holds(conditions, there); });
  if (!written) return S3Internal();
  if (!*written) return S3PreconditionFailed();
  XmlWriter xml("CompleteMultipartUploadResult");
  xml.Text("Bucket", call.address.bucket).Text("Key", call.address.key);
  xml.Text("ETag", Quoted(object.etag));
  xml.Text("Location", "http://" + std::string(call.request.headers.Get("host")) + "/" +
                           call.address.bucket + "/" + PercentEncode(call.address.key, "/"));
  for (const Headers::Line& line : object.headers.lines())
    if (const auto algorithm = AlgorithmOfHeader(line.name))
      xml.Text(ChecksumElement(*algorithm), line.value);
  Response response = xml.Answer();
  response.headers.Set("x-amz-version-id", VersionId(core, **written));
  return response;
}

}  // namespace mg::fake
