#include "fakes/r2/rest_objects.h"

#include <utility>

#include "core/base/bytes.h"
#include "core/base/json.h"
#include "core/base/utc.h"
#include "fakes/r2/conditions.h"
#include "fakes/r2/limits.h"
#include "fakes/r2/object_headers.h"
#include "fakes/r2/payload.h"
#include "fakes/v4.h"

namespace mg::fake {
namespace {

constexpr std::string_view kMetadataPrefix = "x-amz-meta-";
constexpr std::pair<std::string_view, const char*> kHttpMetadata[] = {
    {"content-type", "contentType"},         {"content-encoding", "contentEncoding"},
    {"content-language", "contentLanguage"}, {"content-disposition", "contentDisposition"},
    {"cache-control", "cacheControl"},       {"expires", "cacheExpiry"}};

std::string ClassOf(const R2Object& object) {
  return object.headers.Has("x-amz-storage-class") ? "InfrequentAccess" : "Standard";
}

Json JsonOf(const R2Object& object) {
  Json http = Json::object();
  Json custom = Json::object();
  for (const auto& [header, name] : kHttpMetadata)
    if (object.headers.Has(header)) http[name] = std::string(object.headers.Get(header));
  for (const Headers::Line& line : object.headers.lines()) {
    if (line.name.compare(0, kMetadataPrefix.size(), kMetadataPrefix) == 0)
      custom[line.name.substr(kMetadataPrefix.size())] = DecodedWords(line.value);
  }
  return {{"key", object.key},
          {"etag", object.etag},
          {"last_modified", UtcText(object.modified_ms)},
          {"size", object.size_bytes},
          {"http_metadata", std::move(http)},
          {"custom_metadata", std::move(custom)},
          {"storage_class", ClassOf(object)},
          {"ssec", false}};
}

Response NoSuchKey() {
  return V4Error(404, 10007, "The specified key does not exist.");
}

Response Put(R2Core& core, Request& request, const S3Address& address, CallNote& note) {
  note.operation = "r2.rest.put";
  R2Object object;
  object.key = address.key;
  object.headers = StoredHeaders(request.headers);
  const std::string_view storage_class = request.headers.Get("cf-r2-storage-class");
  if (storage_class == "InfrequentAccess") object.headers.Set("x-amz-storage-class", "STANDARD_IA");
  ContentWriter writer(core.store.blobs());
  Signed unsigned_payload;
  unsigned_payload.payload = "UNSIGNED-PAYLOAD";
  Payload payload;
  const PayloadSink sink = [&writer](std::string_view bytes) { return writer.Append(bytes); };
  const auto refused = ReadPayload(request, unsigned_payload, core.runtime, r2::kMaxRestBytes,
                                   std::nullopt, sink, payload);
  if (refused && refused->status >= 500) return RestInternal();
  if (refused && request.body.length().value_or(0) > r2::kMaxRestBytes) {
    return V4Error(400, 100100, "Your proposed upload exceeds the maximum allowed object size.");
  }
  if (refused) return V4Error(400, 10013, r2::kIncomplete);
  object.etag = HexEncode(payload.md5);
  object.size_bytes = static_cast<std::int64_t>(payload.size_bytes);
  if (auto faulted = note.Begin()) return std::move(*faulted);
  object.modified_ms = core.runtime.Wall().ms;
  auto content = writer.Finish();
  if (!content) return RestInternal();
  const auto written =
      core.store.Put(address.bucket, object, *content, [](const R2Object*) { return true; });
  if (!written || !*written) return RestInternal();
  writer.Keep();
  return V4Result(DumpJson(Json{{"key", object.key},
                                {"etag", object.etag},
                                {"size", std::to_string(object.size_bytes)},  // a text
                                {"uploaded", UtcText(object.modified_ms)},
                                {"version", VersionId(core, **written)},
                                {"storage_class", ClassOf(object)}}));
}

Response Get(R2Core& core, const Request& request, const S3Address& address, CallNote& note) {
  note.operation = "r2.rest.get";
  if (auto faulted = note.Begin()) return std::move(*faulted);
  const auto found = core.store.Find(address.bucket, address.key);
  if (!found) return RestInternal();
  if (!*found) return NoSuchKey();
  const R2Object& object = (*found)->object;
  Response response = Answer(200);
  AddObjectHeaders(object, response);
  if (Judge(ReadConditions(request.headers), object) == Verdict::kNotModified) {
    response.status = 304;
    return response;
  }
  auto body = BodyOf((*found)->content, 0, object.size_bytes);
  if (!body) return RestInternal();
  response.body = std::move(*body);
  return response;
}

Response Delete(R2Core& core, const S3Address& address, CallNote& note) {
  note.operation = "r2.rest.delete";
  if (auto faulted = note.Begin()) return std::move(*faulted);
  if (!core.store.Delete(address.bucket, address.key)) return RestInternal();
  return V4Result(DumpJson(Json{{"key", address.key}}));  // never 204: wrangler fails on it
}

}  // namespace

Response RestObjectList(R2Core& core, const Request& request, const std::string& bucket,
                        CallNote& note) {
  if (request.method != "GET") {
    note.operation = "r2.rest.delete_many";
    return V4Gap(note.operation, "deleting many objects over REST");
  }
  note.operation = "r2.rest.list";
  const S3Query query(request.Query());
  const std::string most = query.Get("per_page");
  const auto per_page = most.empty() ? std::optional<std::int64_t>(20) : ParseInt(most);
  if (!per_page || *per_page < 1 || *per_page > r2::kMaxPage)
    return V4Error(400, 10022, "per_page must be between 1 and 1000");
  R2ListQuery wanted{query.Get("prefix"), query.Get("delimiter"), query.Get("start_after"),
                     *per_page};
  if (query.Has("cursor")) {
    const auto after = Base64UrlDecode(query.Get("cursor"));
    if (!after) return V4Error(400, 10029, "cursor");
    if (!after->empty()) wanted.after = *after;
  }
  for (const std::string* text : {&wanted.prefix, &wanted.delimiter, &wanted.after})
    if (!IsValidUtf8(*text)) return V4Error(400, 10029, "a search parameter is not UTF-8");
  if (auto faulted = note.Begin()) return std::move(*faulted);
  const auto page = core.store.List(bucket, wanted);
  if (!page) return RestInternal();
  Json list = Json::array();
  for (const R2Object& object : page->objects) list.push_back(JsonOf(object));
  Json info = {{"cursor", page->truncated ? Base64UrlEncode(page->last) : std::string()},
               {"is_truncated", page->truncated},
               {"per_page", *per_page}};
  if (!wanted.delimiter.empty()) info["delimited"] = page->prefixes;
  return V4Listed(list, info);
}

Response RestObject(R2Core& core, Request& request, const S3Address& address, CallNote& note) {
  if (request.method == "PUT") return Put(core, request, address, note);
  if (request.method == "GET") return Get(core, request, address, note);
  if (request.method == "DELETE") return Delete(core, address, note);
  return V4NoRoute(request.Path());
}

}  // namespace mg::fake
