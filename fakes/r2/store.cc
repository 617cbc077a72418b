#include "fakes/r2/store.h"

#include <algorithm>
#include <utility>

#include "core/base/bytes.h"
#include "fakes/r2/nfc.h"
#include "fakes/r2/store_rows.h"

namespace mg::fake {
namespace {

// Keys are blobs: any bytes, compared as bytes.
constexpr const char* kSchema =
    "CREATE TABLE IF NOT EXISTS bucket(name TEXT PRIMARY KEY, created_ms INTEGER NOT NULL,"
    " location TEXT NOT NULL, storage_class TEXT NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE IF NOT EXISTS document(bucket TEXT NOT NULL, kind TEXT NOT NULL,"
    " body BLOB NOT NULL, PRIMARY KEY(bucket, kind)) WITHOUT ROWID;"
    "CREATE TABLE IF NOT EXISTS content(id INTEGER PRIMARY KEY AUTOINCREMENT, body BLOB NOT NULL);"
    "CREATE TABLE IF NOT EXISTS segment(content INTEGER NOT NULL, n INTEGER NOT NULL,"
    " blob INTEGER NOT NULL, start INTEGER NOT NULL, size INTEGER NOT NULL,"
    " PRIMARY KEY(content, n)) WITHOUT ROWID;"
    "CREATE INDEX IF NOT EXISTS segment_by_blob ON segment(blob);"
    "CREATE TABLE IF NOT EXISTS object(bucket TEXT NOT NULL, key BLOB NOT NULL,"
    " spelled BLOB NOT NULL, etag TEXT NOT NULL, size INTEGER NOT NULL,"
    " modified_ms INTEGER NOT NULL, headers BLOB NOT NULL, parts TEXT NOT NULL,"
    " content INTEGER NOT NULL, PRIMARY KEY(bucket, key)) WITHOUT ROWID;"
    "CREATE TABLE IF NOT EXISTS upload(number INTEGER PRIMARY KEY AUTOINCREMENT,"
    " bucket TEXT NOT NULL, key BLOB NOT NULL, headers BLOB NOT NULL, algorithm TEXT NOT NULL,"
    " started_ms INTEGER NOT NULL, open INTEGER NOT NULL);"
    "CREATE TABLE IF NOT EXISTS part(upload INTEGER NOT NULL, number INTEGER NOT NULL,"
    " etag TEXT NOT NULL, size INTEGER NOT NULL, modified_ms INTEGER NOT NULL,"
    " checksums BLOB NOT NULL, content INTEGER NOT NULL, PRIMARY KEY(upload, number))"
    " WITHOUT ROWID;";

constexpr const char* kFindObject =
    "SELECT spelled, etag, size, modified_ms, headers, parts, content FROM object"
    " WHERE bucket = ?1 AND key = ?2";

std::string EncodeSizes(const std::vector<std::int64_t>& sizes) {
  std::string text;
  for (const std::int64_t size : sizes)
    text.append(text.empty() ? "" : ",") += std::to_string(size);
  return text;
}

std::vector<std::int64_t> DecodeSizes(const std::string& text) {
  std::vector<std::int64_t> sizes;
  if (text.empty()) return sizes;
  for (const std::string_view part : Split(text, ',')) sizes.push_back(ParseInt(part).value_or(0));
  return sizes;
}

}  // namespace

std::string EncodeHeaders(const Headers& headers) {
  std::string text;
  for (const Headers::Line& line : headers.lines()) {
    text.append(line.name).append(":").append(line.value).append("\n");
  }
  return text;
}

Headers DecodeHeaders(const std::string& text) {
  Headers headers;
  for (const std::string_view line : Split(text, '\n')) {
    const std::size_t colon = line.find(':');
    if (colon != std::string_view::npos) headers.Add(line.substr(0, colon), line.substr(colon + 1));
  }
  return headers;
}

std::string KeyOf(std::string_view spelled) {
  return Nfc(spelled);
}

R2Store::Opened::Opened(const std::string& path) : db(path) {
  if (db.Execute(kSchema) != SQLITE_OK) throw std::runtime_error("r2.sqlite: " + db.Message());
}

R2Store::R2Store(const std::string& folder)
    : opened_(folder.empty() ? "" : folder + "/r2.sqlite"),
      blobs_(std::make_shared<Blobs>(folder.empty() ? "" : folder + "/r2-objects")) {
  blobs_->Sweep(KnownBlobs());
}

std::set<BlobId> R2Store::KnownBlobs() {
  std::set<BlobId> known;
  Row row = Sql("SELECT DISTINCT blob FROM segment");
  while (row.Next()) known.insert(row.IntAt(0));
  return known;
}

Status R2Store::Clear() {
  auto done = Change([&] {
    for (const BlobId blob : KnownBlobs()) freed_.push_back(blob);
    for (const char* sql : {"DELETE FROM bucket", "DELETE FROM document", "DELETE FROM object",
                            "DELETE FROM part", "DELETE FROM upload", "DELETE FROM segment",
                            "DELETE FROM content", "DELETE FROM sqlite_sequence"}) {
      Sql(sql).Next();
    }
    return true;
  });
  return done ? Ok() : Status(done.error());
}

std::int64_t R2Store::AddContent(const NewContent& content) {
  Sql("INSERT INTO content(body) VALUES(?1)").Bytes(content.body).Next();
  const std::int64_t id = sqlite3_last_insert_rowid(opened_.db.handle());
  std::int64_t n = 0;
  for (const Segment& segment : content.segments) {
    Sql("INSERT INTO segment VALUES(?1, ?2, ?3, ?4, ?5)")
        .Int(id)
        .Int(n++)
        .Int(segment.blob)
        .Int(segment.offset)
        .Int(segment.size)
        .Next();
  }
  return id;
}

std::vector<Segment> R2Store::SegmentsOf(std::int64_t content) {
  std::vector<Segment> segments;
  Row row = Sql("SELECT blob, start, size FROM segment WHERE content = ?1 ORDER BY n");
  row.Int(content);
  while (row.Next()) segments.push_back({row.IntAt(0), row.IntAt(1), row.IntAt(2)});
  return segments;
}

void R2Store::DropContent(std::int64_t content) {
  const std::vector<Segment> segments = SegmentsOf(content);
  Sql("DELETE FROM segment WHERE content = ?1").Int(content).Next();
  Sql("DELETE FROM content WHERE id = ?1").Int(content).Next();
  for (const Segment& segment : segments) {
    if (!Sql("SELECT 1 FROM segment WHERE blob = ?1 LIMIT 1").Int(segment.blob).Next())
      freed_.push_back(segment.blob);
  }
}

std::optional<R2Object> R2Store::ObjectAt(std::string_view bucket, std::string_view key,
                                          std::int64_t* content) {
  Row row = Sql(kFindObject);
  if (!row.Text(bucket).Bytes(KeyOf(key)).Next()) return std::nullopt;
  R2Object object;
  object.key = row.TextAt(0);
  object.etag = row.TextAt(1);
  object.size_bytes = row.IntAt(2);
  object.modified_ms = row.IntAt(3);
  object.headers = DecodeHeaders(row.TextAt(4));
  object.part_sizes = DecodeSizes(row.TextAt(5));
  object.number = row.IntAt(6);
  if (content != nullptr) *content = object.number;
  return object;
}

void R2Store::WriteObject(std::string_view bucket, const R2Object& object, std::int64_t content) {
  std::int64_t replaced = 0;
  const bool was_there = ObjectAt(bucket, object.key, &replaced).has_value();
  Sql("INSERT OR REPLACE INTO object VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)")
      .Text(bucket)
      .Bytes(KeyOf(object.key))
      .Bytes(object.key)
      .Text(object.etag)
      .Int(object.size_bytes)
      .Int(object.modified_ms)
      .Bytes(EncodeHeaders(object.headers))
      .Text(EncodeSizes(object.part_sizes))
      .Int(content)
      .Next();
  if (was_there) DropContent(replaced);
}

Result<std::optional<std::int64_t>> R2Store::Put(std::string_view bucket, const R2Object& object,
                                                 const NewContent& content,
                                                 const Allowed& allowed) {
  return Change([&]() -> std::optional<std::int64_t> {
    const auto there = ObjectAt(bucket, object.key, nullptr);
    if (!allowed(there ? &*there : nullptr)) return std::nullopt;
    const std::int64_t id = AddContent(content);
    WriteObject(bucket, object, id);
    return id;
  });
}

Result<std::optional<std::int64_t>> R2Store::PutCopy(std::string_view bucket,
                                                     const R2Object& object, std::int64_t from,
                                                     const Allowed& allowed) {
  return Change([&]() -> std::optional<std::int64_t> {
    const auto there = ObjectAt(bucket, object.key, nullptr);
    if (!allowed(there ? &*there : nullptr)) return std::nullopt;
    NewContent copied;
    {
      Row row = Sql("SELECT body FROM content WHERE id = ?1");
      if (!row.Int(from).Next()) return std::nullopt;
      copied.body = row.TextAt(0);
    }
    copied.segments = SegmentsOf(from);
    const std::int64_t id = AddContent(copied);
    WriteObject(bucket, object, id);
    return id;
  });
}

Result<std::optional<R2Found>> R2Store::Find(std::string_view bucket, std::string_view key) {
  return Change([&]() -> std::optional<R2Found> {
    std::int64_t id = 0;
    auto object = ObjectAt(bucket, key, &id);
    if (!object) return std::nullopt;
    auto content = std::make_shared<StoredContent>();
    content->size_bytes = object->size_bytes;
    content->segments = SegmentsOf(id);
    content->blobs = blobs_;
    std::vector<BlobId> ids;
    for (const Segment& segment : content->segments) ids.push_back(segment.blob);
    if (!ids.empty()) content->pin = blobs_->Hold(std::move(ids));
    Row row = Sql("SELECT body FROM content WHERE id = ?1");
    if (row.Int(id).Next()) content->body = row.TextAt(0);
    return R2Found{std::move(*object), std::move(content)};
  });
}

Status R2Store::Delete(std::string_view bucket, std::string_view key) {
  auto done = Change([&] {
    std::int64_t content = 0;
    if (!ObjectAt(bucket, key, &content)) return true;
    Sql("DELETE FROM object WHERE bucket = ?1 AND key = ?2").Text(bucket).Bytes(KeyOf(key)).Next();
    DropContent(content);
    return true;
  });
  return done ? Ok() : Status(done.error());
}

}  // namespace mg::fake
