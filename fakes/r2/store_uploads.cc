// Uploads in parts. A part is content of its own; completing one makes of their pieces the pieces
// of an object, so that no byte is copied.
#include <utility>

#include "fakes/r2/limits.h"
#include "fakes/r2/store_rows.h"

namespace mg::fake {

Result<std::int64_t> R2Store::CreateUpload(const R2Upload& upload) {
  return Change([&] {
    Sql("INSERT INTO upload(bucket, key, headers, algorithm, started_ms, open)"
        " VALUES(?1, ?2, ?3, ?4, ?5, 1)")
        .Text(upload.bucket)
        .Bytes(upload.key)
        .Bytes(EncodeHeaders(upload.headers))
        .Text(upload.algorithm)
        .Int(upload.started_ms)
        .Next();
    const std::int64_t number = sqlite3_last_insert_rowid(opened_.db.handle());
    Sql("DELETE FROM upload WHERE open = 0 AND number < ?1")
        .Int(number - r2::kMaxEndedUploads)
        .Next();
    return number;
  });
}

Result<std::optional<R2Upload>> R2Store::FindUpload(std::int64_t number) {
  return Change([&]() -> std::optional<R2Upload> {
    Row row =
        Sql("SELECT bucket, key, headers, algorithm, started_ms, open FROM upload"
            " WHERE number = ?1");
    if (!row.Int(number).Next()) return std::nullopt;
    return R2Upload{number,        row.TextAt(0), row.TextAt(1),    DecodeHeaders(row.TextAt(2)),
                    row.TextAt(3), row.IntAt(4),  row.IntAt(5) != 0};
  });
}

Result<std::vector<R2Upload>> R2Store::OpenUploads(std::string_view bucket) {
  return Change([&] {
    std::vector<R2Upload> uploads;
    Row row =
        Sql("SELECT number, key, headers, algorithm, started_ms FROM upload"
            " WHERE bucket = ?1 AND open = 1 ORDER BY key, number");
    row.Text(bucket);
    while (row.Next()) {
      uploads.push_back({row.IntAt(0), std::string(bucket), row.TextAt(1),
                         DecodeHeaders(row.TextAt(2)), row.TextAt(3), row.IntAt(4), true});
    }
    return uploads;
  });
}

Result<bool> R2Store::PutPart(std::int64_t upload, const R2Part& part, const NewContent& content) {
  return Change([&] {
    if (!Sql("SELECT 1 FROM upload WHERE number = ?1 AND open = 1").Int(upload).Next())
      return false;
    std::int64_t replaced = 0;
    {
      Row row = Sql("SELECT content FROM part WHERE upload = ?1 AND number = ?2");
      if (row.Int(upload).Int(part.number).Next()) replaced = row.IntAt(0);
    }
    Sql("INSERT OR REPLACE INTO part VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7)")
        .Int(upload)
        .Int(part.number)
        .Text(part.etag)
        .Int(part.size_bytes)
        .Int(part.modified_ms)
        .Bytes(EncodeHeaders(part.checksums))
        .Int(AddContent(content))
        .Next();
    if (replaced != 0) DropContent(replaced);
    return true;
  });
}

Result<std::vector<R2Part>> R2Store::Parts(std::int64_t upload) {
  return Change([&] {
    std::vector<R2Part> parts;
    Row row =
        Sql("SELECT number, etag, size, modified_ms, checksums FROM part WHERE upload = ?1"
            " ORDER BY number");
    row.Int(upload);
    while (row.Next()) {
      parts.push_back(
          {row.IntAt(0), row.TextAt(1), row.IntAt(2), row.IntAt(3), DecodeHeaders(row.TextAt(4))});
    }
    return parts;
  });
}

Result<std::optional<std::int64_t>> R2Store::Complete(const R2Upload& upload,
                                                      const R2Object& object,
                                                      const std::vector<R2Part>& parts,
                                                      const Allowed& allowed) {
  return Change([&]() -> std::optional<std::int64_t> {
    const auto there = ObjectAt(upload.bucket, object.key, nullptr);
    if (!allowed(there ? &*there : nullptr)) {
      DropUpload(upload.number);
      return std::nullopt;
    }
    NewContent joined;
    for (const R2Part& part : parts) {
      Row row =
          Sql("SELECT content.id, content.body FROM part JOIN content"
              " ON content.id = part.content WHERE upload = ?1 AND number = ?2 AND etag = ?3");
      if (!row.Int(upload.number).Int(part.number).Text(part.etag).Next())
        throw StoreFailed("a part is gone");
      for (const Segment& segment : SegmentsOf(row.IntAt(0))) joined.segments.push_back(segment);
      joined.body += row.TextAt(1);
    }
    const std::int64_t id = AddContent(joined);
    WriteObject(upload.bucket, object, id);
    DropUpload(upload.number);
    return id;
  });
}

Status R2Store::EndUpload(std::int64_t number) {
  auto done = Change([&] {
    DropUpload(number);
    return true;
  });
  return done ? Ok() : Status(done.error());
}

Status R2Store::EndUploadsBefore(std::int64_t started_ms) {
  auto done = Change([&] {
    std::vector<std::int64_t> late;
    {
      Row row = Sql("SELECT number FROM upload WHERE open = 1 AND started_ms < ?1");
      row.Int(started_ms);
      while (row.Next()) late.push_back(row.IntAt(0));
    }
    for (const std::int64_t number : late) DropUpload(number);
    return true;
  });
  return done ? Ok() : Status(done.error());
}

void R2Store::DropUpload(std::int64_t number) {
  std::vector<std::int64_t> contents;
  {
    Row row = Sql("SELECT content FROM part WHERE upload = ?1");
    row.Int(number);
    while (row.Next()) contents.push_back(row.IntAt(0));
  }
  Sql("DELETE FROM part WHERE upload = ?1").Int(number).Next();
  for (const std::int64_t content : contents) DropContent(content);
  Sql("UPDATE upload SET open = 0 WHERE number = ?1").Int(number).Next();
}

}  // namespace mg::fake
