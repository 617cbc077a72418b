// Put, get, head and delete of an object, and which operation a request is.
#include <algorithm>
#include <utility>

#include "core/base/bytes.h"
#include "fakes/r2/calls.h"
#include "fakes/r2/conditions.h"
#include "fakes/r2/limits.h"
#include "fakes/r2/object_headers.h"
#include "fakes/r2/payload.h"
#include "fakes/r2/screening.h"
#include "fakes/r2/xml.h"

namespace mg::fake {
namespace {

std::string OperationOf(const Request& request, const S3Query& query) {
  const std::string& method = request.method;
  const bool copies = request.headers.Has("x-amz-copy-source");
  const bool of_upload = query.Has("uploadId");
  if (method == "PUT" && of_upload && query.Has("partNumber"))
    return copies ? "r2.copy_part" : "r2.upload_part";
  if (method == "PUT") return copies ? "r2.copy" : "r2.put";
  if (method == "POST" && query.Has("uploads")) return "r2.create_multipart";
  if (method == "POST") return of_upload ? "r2.complete_multipart" : "r2.put";
  if (method == "GET") return of_upload ? "r2.list_parts" : "r2.get";
  if (method == "HEAD") return "r2.head";
  if (method == "DELETE") return of_upload ? "r2.abort_multipart" : "r2.delete";
  return "";
}

// DELETE and HEAD look at no parameter: "DELETE k?tagging" deletes the object.
std::optional<Response> ScreenParameters(const S3Call& call) {
  const std::string& method = call.request.method;
  if (method == "HEAD" || method == "DELETE") return std::nullopt;
  if (auto refused = ScreenObjectQuery(method, call.query)) return refused;
  const auto unknown = call.query.Unknown(
      {"partNumber", "uploadId", "uploads", "max-parts", "part-number-marker",
       "response-content-type", "response-content-encoding", "response-content-language",
       "response-content-disposition", "response-cache-control", "response-expires"});
  if (unknown.empty()) return std::nullopt;
  return S3Gap(call.note.operation, "Search parameter " + unknown.front());
}

Response Put(R2Core& core, S3Call& call) {
  const Headers& sent = call.request.headers;
  if (!DeclaredLength(call.request, call.signature)) {
    return S3Error(411, "MissingContentLength", r2::kNoLength);
  }
  R2Object object;
  object.key = call.address.key;
  object.headers = StoredHeaders(sent);
  if (!MetadataFits(object.headers)) {
    return S3Error(400, "MetadataTooLarge",
                   "Your metadata headers exceed the maximum allowed metadata size.");
  }
  if (auto refused = NeedBucket(core, call)) return std::move(*refused);
  ContentWriter writer(core.store.blobs());
  Payload payload;
  const PayloadSink sink = [&writer](std::string_view bytes) { return writer.Append(bytes); };
  if (auto refused = ReadPayload(call.request, call.signature, core.runtime, r2::kMaxUploadBytes,
                                 std::nullopt, sink, payload)) {
    return std::move(*refused);
  }
  object.etag = HexEncode(payload.md5);
  object.size_bytes = static_cast<std::int64_t>(payload.size_bytes);
  if (payload.algorithm)
    object.headers.Set(ChecksumHeader(*payload.algorithm), Base64Encode(payload.checksum));
  if (auto faulted = call.note.Begin()) return std::move(*faulted);
  object.modified_ms = core.runtime.Wall().ms;
  auto content = writer.Finish();
  if (!content) return S3Internal();
  const Conditions conditions = ReadConditions(sent);
  const auto written =
      core.store.Put(call.address.bucket, object, *content,
                     [&](const R2Object* there) { return Holds(conditions, there); });
  if (!written) return S3Internal();
  if (!*written) return S3PreconditionFailed();
  writer.Keep();
  Response response = Answer(200);
  response.headers.Set("etag", Quoted(object.etag));
  response.headers.Set("x-amz-version-id", VersionId(core, **written));
  AddChecksums(object, response);
  return response;
}

// Which bytes are asked for, or the refusal; `partial` says that it is 206.
std::optional<Response> ReadWanted(const S3Call& call, const R2Object& object, ByteRange& wanted,
                                   bool& partial) {
  wanted = {0, object.size_bytes};
  const std::string* number = call.query.Find("partNumber");
  if (number != nullptr) {
    const auto part = ParseInt(*number);
    const auto parts =
        static_cast<std::int64_t>(std::max<std::size_t>(object.part_sizes.size(), 1));
    if (!part || *part < 1 || *part > r2::kMaxParts) {
      return S3InvalidArgument("Part number must be an integer between 1 and 10000, inclusive.");
    }
    if (*part > parts)
      return S3Error(416, "InvalidRange", "The requested range is not satisfiable");
    partial = true;
    if (object.part_sizes.empty()) return std::nullopt;
    const auto index = static_cast<std::size_t>(*part - 1);
    for (std::size_t i = 0; i < index; ++i) wanted.start += object.part_sizes[i];
    wanted.size = object.part_sizes[index];
    return std::nullopt;
  }
  if (!call.request.headers.Has("range")) return std::nullopt;
  partial = true;
  return ReadRange(call.request.headers.Get("range"), object.size_bytes, wanted);
}

Response Get(R2Core& core, S3Call& call) {
  if (auto faulted = call.note.Begin()) return std::move(*faulted);
  auto found = core.store.Find(call.address.bucket, call.address.key);
  if (!found) return S3Internal();
  if (!*found) return S3NoSuchKey();
  const R2Object& object = (*found)->object;
  Response response = Answer(200);
  AddObjectHeaders(object, response);
  switch (Judge(ReadConditions(call.request.headers), object)) {
    case Verdict::kFailed:
      return S3PreconditionFailed();
    case Verdict::kNotModified:
      response.status = 304;
      return response;
    case Verdict::kHolds:
      break;
  }
  ByteRange wanted;
  bool partial = false;
  if (auto refused = ReadWanted(call, object, wanted, partial)) return std::move(*refused);
  OverrideHeaders(call.query, response);
  if (partial) {
    response.status = 206;
    const std::int64_t last = wanted.start + wanted.size - 1;
    response.headers.Set("content-range", "bytes " + std::to_string(wanted.start) + "-" +
                                              std::to_string(last) + "/" +
                                              std::to_string(object.size_bytes));
    if (wanted.size == 0) response.headers.Remove("content-range");
    if (call.query.Has("partNumber") && !object.part_sizes.empty())
      response.headers.Set("x-amz-mp-parts-count", std::to_string(object.part_sizes.size()));
  } else if (call.request.headers.Get("x-amz-checksum-mode") == "ENABLED") {
    AddChecksums(object, response);
  }
  if (call.request.method == "HEAD") {
    // A HEAD has no body to take the length from.
    response.headers.Set("content-length", std::to_string(wanted.size));
    return response;
  }
  auto body = BodyOf((*found)->content, wanted.start, wanted.size);
  if (!body) return S3Internal();
  response.body = std::move(*body);
  return response;
}

Response Delete(R2Core& core, S3Call& call) {
  if (auto faulted = call.note.Begin()) return std::move(*faulted);
  return core.store.Delete(call.address.bucket, call.address.key) ? Answer(204) : S3Internal();
}

using Operation = Response (*)(R2Core&, S3Call&);

Operation FunctionOf(std::string_view operation) {
  if (operation == "r2.put") return Put;
  if (operation == "r2.get" || operation == "r2.head") return Get;
  if (operation == "r2.delete") return Delete;
  if (operation == "r2.copy") return CopyObject;
  if (operation == "r2.create_multipart") return CreateMultipartUpload;
  if (operation == "r2.upload_part") return UploadPart;
  if (operation == "r2.copy_part") return UploadPartCopy;
  if (operation == "r2.complete_multipart") return CompleteMultipartUpload;
  if (operation == "r2.abort_multipart") return AbortMultipartUpload;
  return ListParts;
}

bool ReadsItsBody(std::string_view operation) {
  return operation == "r2.put" || operation == "r2.upload_part" ||
         operation == "r2.complete_multipart";
}

}  // namespace

Response ObjectCall(R2Core& core, S3Call& call) {
  call.note.operation = OperationOf(call.request, call.query);
  if (call.note.operation.empty()) return S3NoRoute();
  const std::string& operation = call.note.operation;
  if (auto refused = ScreenParameters(call)) return std::move(*refused);
  if (auto refused = ScreenHeaders(call.request.headers, operation)) return std::move(*refused);
  // A body where none belongs is read all the same: its hash is part of the signature.
  std::string unused;
  if (!ReadsItsBody(operation)) {
    if (auto refused = ReadDocument(call.request, call.signature, core.runtime, unused))
      return std::move(*refused);
  }
  if (!IsKey(call.address.key)) {
    return S3Error(400, "InvalidObjectName", "The specified object name is not valid.");
  }
  if (operation != "r2.put" && operation != "r2.create_multipart") {
    if (auto refused = NeedBucket(core, call)) return std::move(*refused);
  }
  return FunctionOf(operation)(core, call);
}

}  // namespace mg::fake
