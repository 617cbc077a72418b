// ListMultipartUploads: by key, then by start; AWS's element names.
#include <algorithm>
#include <set>
#include <utility>

#include "core/base/bytes.h"
#include "core/base/utc.h"
#include "fakes/r2/calls.h"
#include "fakes/r2/limits.h"
#include "fakes/r2/xml.h"

namespace mg::fake {
namespace {

struct Listed {
  std::vector<const R2Upload*> uploads;
  std::set<std::string> prefixes;
  bool truncated = false;
  std::string last_key;
  std::int64_t last_number = 0;
};

Listed PageOf(const std::vector<R2Upload>& all, const S3Query& query, std::int64_t after_number,
              std::int64_t limit) {
  const std::string prefix = query.Get("prefix");
  const std::string delimiter = query.Get("delimiter");
  const std::string marker = query.Get("key-marker");
  Listed page;
  for (const R2Upload& upload : all) {
    if (upload.key.compare(0, prefix.size(), prefix) != 0) continue;
    const bool same_key = after_number > 0 && upload.key == marker;
    if (same_key ? upload.number <= after_number : upload.key <= marker) continue;
    const std::size_t end =
        delimiter.empty() ? std::string::npos : upload.key.find(delimiter, prefix.size());
    const std::string group =
        end == std::string::npos ? "" : upload.key.substr(0, end + delimiter.size());
    if (!group.empty() && (page.prefixes.count(group) != 0 || group == marker)) continue;
    const std::size_t count = page.uploads.size() + page.prefixes.size();
    if (static_cast<std::int64_t>(count) >= limit) {
      page.truncated = true;
      break;
    }
    page.last_key = group.empty() ? upload.key : group;
    page.last_number = group.empty() ? upload.number : 0;
    if (group.empty()) page.uploads.push_back(&upload);
    if (!group.empty()) page.prefixes.insert(group);
  }
  return page;
}

}  // namespace

Response ListMultipartUploads(R2Core& core, S3Call& call) {
  const S3Query& query = call.query;
  const auto unknown = query.Unknown({"uploads", "prefix", "delimiter", "key-marker",
                                      "upload-id-marker", "max-uploads", "encoding-type"});
  if (!unknown.empty())
    return S3NotImplemented("ListMultipartUploads search parameter " + unknown.front());
  const std::string most = query.Get("max-uploads");
  const auto limit = most.empty() ? std::optional(r2::kMaxPage) : ParseInt(most);
  if (!limit) return S3InvalidArgument("max-uploads");
  const std::string id_marker = query.Get("upload-id-marker");
  const auto after =
      id_marker.empty() ? std::optional<std::int64_t>(0) : UploadNumber(core, id_marker);
  if (!after) return S3InvalidArgument("upload-id-marker");
  if (auto faulted = call.note.Begin()) return std::move(*faulted);
  const std::int64_t oldest = core.runtime.Wall().ms - r2::kUnfinishedUploadMs;
  if (!core.store.EndUploadsBefore(oldest)) return S3Internal();
  const auto all = core.store.OpenUploads(call.address.bucket);
  if (!all) return S3Internal();
  const Listed page = PageOf(*all, query, *after, std::min(*limit, r2::kMaxPage));
  const bool url = query.Get("encoding-type") == "url";
  const auto coded = [url](const std::string& text) { return url ? PercentEncode(text) : text; };
  XmlWriter xml("ListMultipartUploadsResult");
  xml.Text("Bucket", call.address.bucket).Text("KeyMarker", coded(query.Get("key-marker")));
  xml.Text("UploadIdMarker", id_marker);
  if (page.truncated && !page.last_key.empty()) {
    xml.Text("NextKeyMarker", coded(page.last_key));
    if (page.last_number > 0) xml.Text("NextUploadIdMarker", UploadId(core, page.last_number));
  }
  xml.Text("Delimiter", coded(query.Get("delimiter"))).Text("Prefix", coded(query.Get("prefix")));
  if (url) xml.Text("EncodingType", "url");
  xml.Number("MaxUploads", *limit).Flag("IsTruncated", page.truncated);
  for (const R2Upload* upload : page.uploads) {
    const bool cold = upload->headers.Has("x-amz-storage-class");
    xml.Open("Upload").Text("Key", coded(upload->key));
    xml.Text("UploadId", UploadId(core, upload->number));
    xml.Text("StorageClass", cold ? "STANDARD_IA" : "STANDARD");
    xml.Text("Initiated", UtcText(upload->started_ms)).Close();
  }
  for (const std::string& prefix : page.prefixes)
    xml.Open("CommonPrefixes").Text("Prefix", coded(prefix)).Close();
  return xml.Answer();
}

}  // namespace mg::fake
