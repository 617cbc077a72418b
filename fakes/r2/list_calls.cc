// ListObjects, both versions, and DeleteObjects (wire/storage.md 4.6, 4.7).
#include <algorithm>
#include <utility>

#include "core/base/bytes.h"
#include "core/base/utc.h"
#include "fakes/r2/calls.h"
#include "fakes/r2/limits.h"
#include "fakes/r2/object_headers.h"
#include "fakes/r2/payload.h"
#include "fakes/r2/xml.h"
#include "fakes/r2/xml_reader.h"

namespace mg::fake {
namespace {

// "" is 1000; fractions are floored, more than 1000 is said back and not given.
std::optional<std::int64_t> ReadMaxKeys(const S3Query& query) {
  const std::string* text = query.Find("max-keys");
  if (text == nullptr) return r2::kMaxPage;
  if (text->empty() || text->size() > 15 ||
      text->find_first_not_of("0123456789.") != std::string::npos || text->front() == '.') {
    return std::nullopt;
  }
  const std::size_t point = text->find('.');
  if (point != std::string::npos && text->find('.', point + 1) != std::string::npos)
    return std::nullopt;
  return ParseInt(text->substr(0, point));
}

std::optional<Response> CheckListQuery(const S3Query& query, bool second) {
  const std::string* type = query.Find("list-type");
  if (type != nullptr && *type != "2") return S3NotImplemented("ListObjectsV" + *type);
  const std::string* token = query.Find("continuation-token");
  if (!second && token != nullptr)
    return S3InvalidArgument("continuation-token not supported in ListObjects");
  const auto unknown =
      second ? query.Unknown({"list-type", "prefix", "delimiter", "max-keys", "encoding-type",
                              "start-after", "continuation-token", "fetch-owner"})
             : query.Unknown({"prefix", "delimiter", "max-keys", "encoding-type", "marker"});
  if (!unknown.empty()) {
    return S3NotImplemented(std::string("ListObjectsV") + (second ? "2" : "1") +
                            " search parameter " + unknown.front());
  }
  const std::string* encoding = query.Find("encoding-type");
  if (encoding != nullptr && *encoding != "url")
    return S3NotImplemented("Unrecognized encoding-type \"" + *encoding + "\"");
  return std::nullopt;
}

class Page {
 public:
  Page(const S3Call& call, const R2Listed& listed, std::int64_t max_keys)
      : call_(call), listed_(listed), max_keys_(max_keys), url_(call.query.Has("encoding-type")) {}

  Response Write(bool second) {
    const S3Query& query = call_.query;
    xml_.Text("Name", call_.address.bucket);
    for (const R2Object& object : listed_.objects) {
      const bool cold = object.headers.Get("x-amz-storage-class") == "STANDARD_IA";
      xml_.Open("Contents").Text("Key", Coded(object.key)).Number("Size", object.size_bytes);
      xml_.Text("LastModified", UtcText(object.modified_ms)).Text("ETag", Quoted(object.etag));
      xml_.Text("StorageClass", cold ? "STANDARD_IA" : "STANDARD").Close();
    }
    xml_.Flag("IsTruncated", listed_.truncated);
    for (const std::string& prefix : listed_.prefixes)
      xml_.Open("CommonPrefixes").Text("Prefix", Coded(prefix)).Close();
    xml_.Text("Prefix", Coded(query.Get("prefix")));
    if (!query.Get("delimiter").empty()) xml_.Text("Delimiter", Coded(query.Get("delimiter")));
    return second ? Second() : First();
  }

 private:
  std::string Coded(const std::string& text) const { return url_ ? PercentEncode(text) : text; }

  bool more() const { return listed_.truncated && !listed_.last.empty(); }

  Response First() {
    xml_.Text("Marker", Coded(call_.query.Get("marker")));
    if (more()) xml_.Text("NextMarker", Coded(listed_.last));
    return End();
  }

  Response Second() {
    const S3Query& query = call_.query;
    if (query.Has("start-after")) xml_.Text("StartAfter", Coded(query.Get("start-after")));
    if (query.Has("continuation-token"))
      xml_.Text("ContinuationToken", query.Get("continuation-token"));
    if (more()) xml_.Text("NextContinuationToken", Base64UrlEncode(listed_.last));
    Response response = End();
    return response;
  }

  Response End() {
    xml_.Number("MaxKeys", max_keys_);
    const std::size_t count = listed_.objects.size() + listed_.prefixes.size();
    if (call_.query.Has("list-type")) xml_.Number("KeyCount", static_cast<std::int64_t>(count));
    if (url_) xml_.Text("EncodingType", "url");
    return xml_.Answer();
  }

  const S3Call& call_;
  const R2Listed& listed_;
  const std::int64_t max_keys_;
  const bool url_;
  XmlWriter xml_{"ListBucketResult"};
};

}  // namespace

Response ListObjects(R2Core& core, S3Call& call) {
  const S3Query& query = call.query;
  const bool second = query.Has("list-type");
  if (auto refused = CheckListQuery(query, second)) return std::move(*refused);
  const auto max_keys = ReadMaxKeys(query);
  if (!max_keys) {
    return S3Error(400, "InvalidMaxKeys", "MaxKeys params must be positive integer <= 1000.");
  }
  R2ListQuery wanted;
  wanted.prefix = query.Get("prefix");
  wanted.delimiter = query.Get("delimiter");
  wanted.limit = std::min(*max_keys, r2::kMaxPage);
  wanted.after = query.Get(second ? "start-after" : "marker");
  if (const std::string* token = query.Find("continuation-token")) {
    const auto after = Base64UrlDecode(*token);
    if (!after || !IsValidUtf8(*after)) return S3InvalidArgument("continuation-token");
    wanted.after = *after;
  }
  for (const std::string* text : {&wanted.prefix, &wanted.delimiter, &wanted.after})
    if (!IsValidUtf8(*text)) return S3InvalidArgument("a search parameter is not UTF-8");
  if (auto faulted = call.note.Begin()) return std::move(*faulted);
  const auto listed = core.store.List(call.address.bucket, wanted);
  if (!listed) return S3Internal();
  return Page(call, *listed, *max_keys).Write(second);
}

// `Quiet` is checked and then not heeded, as the service does; so is a key that is not there.
Response DeleteObjects(R2Core& core, S3Call& call) {
  if (!call.query.Has("delete")) return Answer(200);  // a signed POST that means nothing
  std::string body;
  if (auto refused = ReadDocument(call.request, call.signature, core.runtime, body))
    return std::move(*refused);
  const auto document = ParseXml(body);
  if (!document || document->name != "Delete") return S3MalformedXml();
  std::vector<std::string> keys;
  for (const XmlNode& child : document->children) {
    if (child.name == "Object") {
      const XmlNode* key = child.Find("Key");
      if (key == nullptr || key->text.empty()) return S3MalformedXml();
      keys.push_back(key->text);
    } else if (child.name != "Quiet" || (child.text != "true" && child.text != "false")) {
      return S3MalformedXml();
    }
  }
  if (keys.empty() || keys.size() > r2::kMaxDeletes) return S3MalformedXml();
  if (auto faulted = call.note.Begin()) return std::move(*faulted);
  XmlWriter xml("DeleteResult");
  for (const std::string& key : keys) {
    if (!core.store.Delete(call.address.bucket, key)) return S3Internal();
    xml.Open("Deleted").Text("Key", key).Close();
  }
  return xml.Answer();
}

}  // namespace mg::fake
