// CopyObject and what it shares with UploadPartCopy.
#include <utility>

#include "core/base/bytes.h"
#include "core/base/utc.h"
#include "fakes/r2/calls.h"
#include "fakes/r2/conditions.h"
#include "fakes/r2/digests.h"
#include "fakes/r2/object_headers.h"
#include "fakes/r2/xml.h"

namespace mg::fake {
namespace {

// COPY keeps what the source has, REPLACE takes what was sent, MERGE puts that over the source's.
std::optional<Response> CopiedHeaders(const Headers& sent, const Headers& source, Headers& out) {
  const std::string directive(sent.Get("x-amz-metadata-directive"));
  const Headers own = StoredHeaders(sent);
  if (directive == "REPLACE") {
    out = own;
  } else if (directive == "MERGE") {
    out = source;
    for (const Headers::Line& line : own.lines()) out.Set(line.name, line.value);
  } else if (directive.empty() || directive == "COPY") {
    out = source;
    if (sent.Has("x-amz-storage-class")) out.Remove("x-amz-storage-class");
    if (own.Has("x-amz-storage-class"))
      out.Set("x-amz-storage-class", own.Get("x-amz-storage-class"));
  } else {
    return S3InvalidArgument("metadata directive " + directive + ".");
  }
  if (MetadataFits(out)) return std::nullopt;
  return S3Error(400, "MetadataTooLarge",
                 "Your metadata headers exceed the maximum allowed metadata size.");
}

// Of the bytes, whatever the source's ETag is made of.
Result<std::string> PlainEtag(const R2Found& source) {
  if (source.object.part_sizes.empty()) return source.object.etag;
  Digest md5(Algorithm::kMd5);
  MG_RETURN_IF_ERROR(
      ForEachPiece(source.content, 0, source.object.size_bytes, [&md5](std::string_view bytes) {
        md5.Update(bytes);
        return Ok();
      }));
  return HexEncode(md5.Finish());
}

}  // namespace

std::optional<Response> FindCopySource(R2Core& core, const S3Call& call, R2Found& out) {
  const Headers& sent = call.request.headers;
  const auto source = ParseCopySource(sent.Get("x-amz-copy-source"));
  if (!source) return S3InvalidArgument("copy source bucket name");
  const auto bucket = core.store.FindBucket(source->bucket);
  if (!bucket) return S3Internal();
  if (!*bucket) return S3NoSuchBucket();
  auto found = core.store.Find(source->bucket, source->key);
  if (!found) return S3Internal();
  if (!*found) return S3NoSuchKey();
  if (!Holds(ReadConditions(sent, "x-amz-copy-source-"), &(*found)->object))
    return S3PreconditionFailed();
  out = std::move(**found);
  return std::nullopt;
}

Response CopyObject(R2Core& core, S3Call& call) {
  const Headers& sent = call.request.headers;
  R2Found source;
  if (auto refused = FindCopySource(core, call, source)) return std::move(*refused);
  R2Object object;
  object.key = call.address.key;
  if (auto refused = CopiedHeaders(sent, source.object.headers, object.headers))
    return std::move(*refused);
  for (const Algorithm algorithm : kChecksumAlgorithms) {
    const std::string header = ChecksumHeader(algorithm);
    object.headers.Remove(header);
    if (source.object.part_sizes.empty() && source.object.headers.Has(header))
      object.headers.Set(header, source.object.headers.Get(header));
  }
  auto etag = PlainEtag(source);
  if (!etag) return S3Internal();
  object.etag = *etag;
  object.size_bytes = source.object.size_bytes;
  if (auto faulted = call.note.Begin()) return std::move(*faulted);
  object.modified_ms = core.runtime.Wall().ms;
  const Conditions conditions = ReadConditions(sent, "cf-copy-destination-");
  bool held = true;
  const auto written = core.store.PutCopy(call.address.bucket, object, source.object.number,
                                          [&](const R2Object* there) {
                                            held = Holds(conditions, there);
                                            return held;
                                          });
  if (!written) return S3Internal();
  if (!*written) return held ? S3NoSuchKey() : S3PreconditionFailed();
  Response response = XmlWriter("CopyObjectResult")
                          .Text("ETag", Quoted(object.etag))
                          .Text("LastModified", UtcText(object.modified_ms))
                          .Answer();
  response.headers.Set("x-amz-version-id", VersionId(core, **written));
  response.headers.Set("x-amz-copy-source-version-id", VersionId(core, source.object.number));
  return response;
}

}  // namespace mg::fake
