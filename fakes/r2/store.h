// R2's buckets, objects and uploads as rows, their bytes beside (content.h). Every change is one
// transaction: it is there whole or not at all, whenever the process ends.
//
// Thread-safety: all members. Errors: kInternal with SQLite's text, and what Blobs has.
#pragma once
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "core/http/headers.h"
#include "core/ports/runtime.h"
#include "fakes/r2/blobs.h"
#include "fakes/r2/content.h"
#include "fakes/sqlite.h"

namespace mg::fake {

struct R2Bucket {
  std::string name;
  std::int64_t created_ms = 0;
  std::string location;  // "WEUR"
  std::string storage_class = "Standard";
};

struct R2Object {
  std::string key;   // as it was last spelled
  std::string etag;  // lower-case hex, without quotes; of many parts with "-<n>" behind
  std::int64_t size_bytes = 0;
  std::int64_t modified_ms = 0;
  Headers headers;  // content-type, x-amz-meta-*, x-amz-checksum-*, ... as they are returned
  std::vector<std::int64_t> part_sizes;  // empty unless it came in parts
  std::int64_t number = 0;               // of this write; grows
};

struct R2Found {
  R2Object object;
  std::shared_ptr<const StoredContent> content;
};

struct R2Listed {
  std::vector<R2Object> objects;
  std::vector<std::string> prefixes;
  bool truncated = false;
  std::string last;  // the last key or prefix of this page
};

struct R2ListQuery {
  std::string prefix;
  std::string delimiter;
  std::string after;  // keys up to this one are left out, and the prefix that it is
  std::int64_t limit = 1000;
};

struct R2Upload {
  std::int64_t number = 0;
  std::string bucket;
  std::string key;  // as it was spelled
  Headers headers;
  std::string algorithm;  // of its parts' checksums; "" unknown
  std::int64_t started_ms = 0;
  bool open = true;
};

struct R2Part {
  std::int64_t number = 0;
  std::string etag;
  std::int64_t size_bytes = 0;
  std::int64_t modified_ms = 0;
  Headers checksums;
};

class R2Store {
 public:
  // `folder`: where r2.sqlite and r2-objects live; empty keeps them in memory. Throws
  // std::runtime_error when they cannot be opened.
  explicit R2Store(const std::string& folder);

  const std::shared_ptr<Blobs>& blobs() const { return blobs_; }
  Status Clear();

  // Buckets, by name.
  Result<bool> CreateBucket(const R2Bucket& bucket);  // false: there is one
  Result<std::optional<R2Bucket>> FindBucket(std::string_view name);
  Result<std::vector<R2Bucket>> Buckets();
  Status SetStorageClass(std::string_view name, std::string_view storage_class);
  enum class Deleted { kDone, kAbsent, kNotEmpty };
  Result<Deleted> DeleteBucket(std::string_view name);
  // Documents of a bucket: "cors", "lifecycle"; nullopt removes one.
  Status SetDocument(std::string_view bucket, std::string_view kind,
                     std::optional<std::string> text);
  Result<std::optional<std::string>> Document(std::string_view bucket, std::string_view kind);

  // Objects. `allowed` sees the object that is there, or nullptr, and nothing happens when it says
  // no: then the answer is nullopt, else the write's number.
  using Allowed = std::function<bool(const R2Object*)>;
  Result<std::optional<std::int64_t>> Put(std::string_view bucket, const R2Object& object,
                                          const NewContent& content, const Allowed& allowed);
  // The bytes of `from` under another row; nullopt also when that write is no longer there.
  Result<std::optional<std::int64_t>> PutCopy(std::string_view bucket, const R2Object& object,
                                              std::int64_t from, const Allowed& allowed);
  Result<std::optional<R2Found>> Find(std::string_view bucket, std::string_view key);
  Status Delete(std::string_view bucket, std::string_view key);
  Result<R2Listed> List(std::string_view bucket, const R2ListQuery& query);

  // Uploads in parts.
  Result<std::int64_t> CreateUpload(const R2Upload& upload);
  Result<std::optional<R2Upload>> FindUpload(std::int64_t number);
  Result<std::vector<R2Upload>> OpenUploads(std::string_view bucket);  // by key, then by start
  Result<bool> PutPart(std::int64_t upload, const R2Part& part, const NewContent& content);
  Result<std::vector<R2Part>> Parts(std::int64_t upload);  // by number
  // Makes one object of these parts and ends the upload, or ends it alone when `allowed` says no.
  Result<std::optional<std::int64_t>> Complete(const R2Upload& upload, const R2Object& object,
                                               const std::vector<R2Part>& parts,
                                               const Allowed& allowed);
  Status EndUpload(std::int64_t number);
  Status EndUploadsBefore(std::int64_t started_ms);

 private:
  struct Opened {  // made before the rest: throws when the file cannot be used
    explicit Opened(const std::string& path);
    Database db;
  };
  class Row;

  template <class Work>
  auto Change(Work work) -> Result<decltype(work())>;
  Row Sql(const char* text);
  std::optional<R2Object> ObjectAt(std::string_view bucket, std::string_view key,
                                   std::int64_t* content);
  void WriteObject(std::string_view bucket, const R2Object& object, std::int64_t content);
  std::int64_t AddContent(const NewContent& content);
  std::vector<Segment> SegmentsOf(std::int64_t content);
  void DropContent(std::int64_t content);
  void DropUpload(std::int64_t number);
  std::set<BlobId> KnownBlobs();

  Mutex mutex_;
  Opened opened_;
  std::map<const char*, std::unique_ptr<Statement>> statements_;  // by their text's place
  std::vector<BlobId> freed_;                                     // by the change under way
  std::shared_ptr<Blobs> blobs_;
};

}  // namespace mg::fake
