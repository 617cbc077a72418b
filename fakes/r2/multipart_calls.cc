// Uploads in parts (wire/storage.md 4.9).
#include <algorithm>
#include <utility>

#include "core/base/bytes.h"
#include "core/base/digest.h"
#include "core/base/utc.h"
#include "fakes/r2/calls.h"
#include "fakes/r2/conditions.h"
#include "fakes/r2/digests.h"
#include "fakes/r2/limits.h"
#include "fakes/r2/object_headers.h"
#include "fakes/r2/payload.h"
#include "fakes/r2/xml.h"

namespace mg::fake {
namespace {

constexpr std::size_t kNumberBytes = 8;
constexpr std::size_t kProofBytes = 24;

std::string ProofOf(const R2Core& core, const std::string& number) {
  return HmacSha256(core.credentials.s3_secret_access_key, "upload " + number)
      .substr(0, kProofBytes);
}

// The open upload that the request names, or the refusal. One that is too old ends here.
std::optional<Response> FindUpload(R2Core& core, const S3Call& call, R2Upload& out) {
  const std::int64_t oldest = core.runtime.Wall().ms - r2::kUnfinishedUploadMs;
  if (!core.store.EndUploadsBefore(oldest)) return S3Internal();
  const auto number = UploadNumber(core, call.query.Get("uploadId"));
  if (!number) return S3NoSuchUpload();
  auto upload = core.store.FindUpload(*number);
  if (!upload) return S3Internal();
  const bool ours = *upload && (*upload)->open && (*upload)->bucket == call.address.bucket &&
                    (*upload)->key == call.address.key;
  if (!ours) return S3NoSuchUpload();
  out = std::move(**upload);
  return std::nullopt;
}

std::optional<Response> ReadPartNumber(const S3Call& call, std::int64_t& out) {
  const std::string text(TrimSpace(call.query.Get("partNumber")));
  const bool negative = !text.empty() && text.front() == '-';
  const std::string digits = negative ? text.substr(1) : text;
  if (digits.find_first_not_of("0123456789") != std::string::npos) return S3NoRoute();
  out = negative ? 0 : ParseInt(digits).value_or(0);
  if (out >= 1 && out <= r2::kMaxParts) return std::nullopt;
  return S3InvalidArgument("Part number must be an integer between 1 and 10000, inclusive.");
}

std::optional<Response> StorePart(R2Core& core, const R2Upload& upload, R2Part& part,
                                  const Payload& payload, ContentWriter& writer) {
  part.etag = HexEncode(payload.md5);
  part.size_bytes = static_cast<std::int64_t>(payload.size_bytes);
  part.modified_ms = core.runtime.Wall().ms;
  if (payload.algorithm)
    part.checksums.Set(ChecksumHeader(*payload.algorithm), Base64Encode(payload.checksum));
  auto content = writer.Finish();
  if (!content) return S3Internal();
  const auto kept = core.store.PutPart(upload.number, part, *content);
  if (!kept) return S3Internal();
  if (!*kept) return S3NoSuchUpload();
  writer.Keep();
  return std::nullopt;
}

}  // namespace

std::string UploadId(const R2Core& core, std::int64_t number) {
  std::string bytes;
  for (std::size_t i = kNumberBytes; i-- > 0;)
    bytes += static_cast<char>(static_cast<std::uint64_t>(number) >> (8 * i) & 0xff);
  return Base64UrlEncode(bytes + ProofOf(core, bytes));
}

std::optional<std::int64_t> UploadNumber(const R2Core& core, std::string_view id) {
  const auto bytes = Base64UrlDecode(id);
  if (!bytes || bytes->size() != kNumberBytes + kProofBytes) return std::nullopt;
  const std::string number = bytes->substr(0, kNumberBytes);
  if (!ConstantTimeEqual(bytes->substr(kNumberBytes), ProofOf(core, number))) return std::nullopt;
  std::uint64_t value = 0;
  for (const char c : number) value = value << 8 | static_cast<unsigned char>(c);
  return static_cast<std::int64_t>(value);
}

Response CreateMultipartUpload(R2Core& core, S3Call& call) {
  const Headers& sent = call.request.headers;
  if (auto refused = NeedBucket(core, call)) return std::move(*refused);
  R2Upload upload;
  upload.bucket = call.address.bucket;
  upload.key = call.address.key;
  upload.headers = StoredHeaders(sent);
  if (!MetadataFits(upload.headers)) {
    return S3Error(400, "MetadataTooLarge",
                   "Your metadata headers exceed the maximum allowed metadata size.");
  }
  const std::string_view algorithm = sent.Get("x-amz-checksum-algorithm");
  if (!algorithm.empty()) {
    if (!AlgorithmNamed(algorithm))
      return S3InvalidRequest("Checksum algorithm provided is unsupported.");
    upload.algorithm = std::string(NameOf(*AlgorithmNamed(algorithm)));
  }
  const auto there = core.store.Find(upload.bucket, upload.key);
  if (!there) return S3Internal();
  if (!Holds(ReadConditions(sent), *there ? &(*there)->object : nullptr))
    return S3PreconditionFailed();
  const auto open = core.store.OpenUploads(upload.bucket);
  if (!open) return S3Internal();
  if (static_cast<std::int64_t>(open->size()) >= r2::kMaxOpenUploads)
    return S3Gap(call.note.operation, "More than 10,000 open uploads of a bucket are");
  if (auto faulted = call.note.Begin()) return std::move(*faulted);
  upload.started_ms = core.runtime.Wall().ms;
  const auto number = core.store.CreateUpload(upload);
  if (!number) return S3Internal();
  Response response = XmlWriter("InitiateMultipartUploadResult")
                          .Text("UploadId", UploadId(core, *number))
                          .Text("Bucket", upload.bucket)
                          .Text("Key", upload.key)
                          .Answer();
  if (!upload.algorithm.empty()) response.headers.Set("x-amz-checksum-algorithm", upload.algorithm);
  return response;
}

Response UploadPart(R2Core& core, S3Call& call) {
  R2Part part;
  R2Upload upload;
  if (auto refused = ReadPartNumber(call, part.number)) return std::move(*refused);
  if (!DeclaredLength(call.request, call.signature))
    return S3Error(411, "MissingContentLength", r2::kNoLength);
  if (auto refused = FindUpload(core, call, upload)) return std::move(*refused);
  ContentWriter writer(core.store.blobs());
  Payload payload;
  const PayloadSink sink = [&writer](std::string_view bytes) { return writer.Append(bytes); };
  if (auto refused = ReadPayload(call.request, call.signature, core.runtime, r2::kMaxUploadBytes,
                                 AlgorithmNamed(upload.algorithm), sink, payload)) {
    return std::move(*refused);
  }
  if (auto faulted = call.note.Begin()) return std::move(*faulted);
  if (auto refused = StorePart(core, upload, part, payload, writer)) return std::move(*refused);
  Response response = Answer(200);
  response.headers.Set("etag", Quoted(part.etag));
  for (const Headers::Line& line : part.checksums.lines())
    response.headers.Set(line.name, line.value);
  return response;
}

// The bytes are written again, so that a part is a whole blob whatever becomes of the source.
Response UploadPartCopy(R2Core& core, S3Call& call) {
  R2Part part;
  R2Upload upload;
  R2Found source;
  if (auto refused = ReadPartNumber(call, part.number)) return std::move(*refused);
  if (auto refused = FindUpload(core, call, upload)) return std::move(*refused);
  if (auto refused = FindCopySource(core, call, source)) return std::move(*refused);
  ByteRange range{0, source.object.size_bytes};
  const std::string_view asked = call.request.headers.Get("x-amz-copy-source-range");
  if (!asked.empty()) {
    if (auto refused = ReadCopyRange(asked, source.object.size_bytes, range))
      return std::move(*refused);
  }
  ContentWriter writer(core.store.blobs());
  Payload payload;
  payload.size_bytes = static_cast<std::uint64_t>(range.size);
  payload.algorithm = AlgorithmNamed(upload.algorithm);
  Digest md5(Algorithm::kMd5);
  Digest checksum(payload.algorithm.value_or(Algorithm::kCrc32));
  const auto copied =
      ForEachPiece(source.content, range.start, range.size, [&](std::string_view bytes) {
        md5.Update(bytes);
        checksum.Update(bytes);
        return writer.Append(bytes);
      });
  if (!copied) return S3Internal();
  payload.md5 = md5.Finish();
  payload.checksum = checksum.Finish();
  if (auto faulted = call.note.Begin()) return std::move(*faulted);
  if (auto refused = StorePart(core, upload, part, payload, writer)) return std::move(*refused);
  return XmlWriter("CopyPartResult")
      .Text("ETag", Quoted(part.etag))
      .Text("LastModified", UtcText(part.modified_ms))
      .Answer();
}

Response AbortMultipartUpload(R2Core& core, S3Call& call) {
  const auto number = UploadNumber(core, call.query.Get("uploadId"));
  if (!number) return S3NoSuchUpload();
  const auto upload = core.store.FindUpload(*number);
  if (!upload) return S3Internal();
  if (!*upload || (*upload)->bucket != call.address.bucket || (*upload)->key != call.address.key)
    return S3NoSuchUpload();
  if (auto faulted = call.note.Begin()) return std::move(*faulted);
  return core.store.EndUpload(*number) ? Answer(204) : S3Internal();
}

Response ListParts(R2Core& core, S3Call& call) {
  R2Upload upload;
  if (auto refused = FindUpload(core, call, upload)) return std::move(*refused);
  const std::string most = call.query.Get("max-parts");
  const std::string marker = call.query.Get("part-number-marker");
  const auto limit = most.empty() ? std::optional(r2::kMaxPage) : ParseInt(most);
  const auto after = marker.empty() ? std::optional<std::int64_t>(0) : ParseInt(marker);
  if (!limit || !after) return S3InvalidArgument("max-parts");
  if (auto faulted = call.note.Begin()) return std::move(*faulted);
  const auto parts = core.store.Parts(upload.number);
  if (!parts) return S3Internal();
  XmlWriter xml("ListPartsResult");
  xml.Text("Bucket", upload.bucket).Text("Key", upload.key);
  xml.Text("UploadId", call.query.Get("uploadId")).Number("PartNumberMarker", *after);
  std::vector<const R2Part*> page;
  bool truncated = false;
  for (const R2Part& part : *parts) {
    if (part.number <= *after) continue;
    truncated = static_cast<std::int64_t>(page.size()) >= std::min(*limit, r2::kMaxPage);
    if (truncated) break;
    page.push_back(&part);
  }
  if (truncated && !page.empty()) xml.Number("NextPartNumberMarker", page.back()->number);
  xml.Number("MaxParts", *limit).Flag("IsTruncated", truncated);
  for (const R2Part* part : page) {
    xml.Open("Part").Number("PartNumber", part->number);
    xml.Text("LastModified", UtcText(part->modified_ms)).Text("ETag", Quoted(part->etag));
    xml.Number("Size", part->size_bytes);
    for (const Headers::Line& line : part->checksums.lines())
      xml.Text(ChecksumElement(*AlgorithmOfHeader(line.name)), line.value);
    xml.Close();
  }
  const bool cold = upload.headers.Has("x-amz-storage-class");
  return xml.Text("StorageClass", cold ? "STANDARD_IA" : "STANDARD").Answer();
}

}  // namespace mg::fake
