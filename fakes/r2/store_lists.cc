// Buckets and pages of objects.
#include <algorithm>
#include <utility>

#include "fakes/r2/store_rows.h"

namespace mg::fake {
namespace {

// The least text that is greater than everything that starts so; nullopt when there is none.
std::optional<std::string> After(std::string prefix) {
  while (!prefix.empty() && static_cast<unsigned char>(prefix.back()) == 0xff) prefix.pop_back();
  if (prefix.empty()) return std::nullopt;
  prefix.back() = static_cast<char>(static_cast<unsigned char>(prefix.back()) + 1);
  return prefix;
}

bool StartsWith(std::string_view text, std::string_view start) {
  return text.substr(0, start.size()) == start;
}

}  // namespace

Result<bool> R2Store::CreateBucket(const R2Bucket& bucket) {
  return Change([&] {
    if (Sql("SELECT 1 FROM bucket WHERE name = ?1").Text(bucket.name).Next()) return false;
    Sql("INSERT INTO bucket VALUES(?1, ?2, ?3, ?4)")
        .Text(bucket.name)
        .Int(bucket.created_ms)
        .Text(bucket.location)
        .Text(bucket.storage_class)
        .Next();
    return true;
  });
}

Result<std::optional<R2Bucket>> R2Store::FindBucket(std::string_view name) {
  return Change([&]() -> std::optional<R2Bucket> {
    Row row = Sql("SELECT name, created_ms, location, storage_class FROM bucket WHERE name = ?1");
    if (!row.Text(name).Next()) return std::nullopt;
    return R2Bucket{row.TextAt(0), row.IntAt(1), row.TextAt(2), row.TextAt(3)};
  });
}

Result<std::vector<R2Bucket>> R2Store::Buckets() {
  return Change([&] {
    std::vector<R2Bucket> buckets;
    Row row = Sql("SELECT name, created_ms, location, storage_class FROM bucket ORDER BY name");
    while (row.Next())
      buckets.push_back({row.TextAt(0), row.IntAt(1), row.TextAt(2), row.TextAt(3)});
    return buckets;
  });
}

Status R2Store::SetStorageClass(std::string_view name, std::string_view storage_class) {
  auto done = Change([&] {
    Sql("UPDATE bucket SET storage_class = ?2 WHERE name = ?1")
        .Text(name)
        .Text(storage_class)
        .Next();
    return true;
  });
  return done ? Ok() : Status(done.error());
}

Result<R2Store::Deleted> R2Store::DeleteBucket(std::string_view name) {
  return Change([&] {
    if (!Sql("SELECT 1 FROM bucket WHERE name = ?1").Text(name).Next()) return Deleted::kAbsent;
    if (Sql("SELECT 1 FROM object WHERE bucket = ?1 LIMIT 1").Text(name).Next())
      return Deleted::kNotEmpty;
    std::vector<std::int64_t> uploads;
    {
      Row row = Sql("SELECT number FROM upload WHERE bucket = ?1 AND open = 1");
      row.Text(name);
      while (row.Next()) uploads.push_back(row.IntAt(0));
    }
    for (const std::int64_t upload : uploads) DropUpload(upload);
    Sql("DELETE FROM document WHERE bucket = ?1").Text(name).Next();
    Sql("DELETE FROM bucket WHERE name = ?1").Text(name).Next();
    return Deleted::kDone;
  });
}

Status R2Store::SetDocument(std::string_view bucket, std::string_view kind,
                            std::optional<std::string> text) {
  auto done = Change([&] {
    if (text) {
      Sql("INSERT OR REPLACE INTO document VALUES(?1, ?2, ?3)")
          .Text(bucket)
          .Text(kind)
          .Bytes(*text)
          .Next();
    } else {
      Sql("DELETE FROM document WHERE bucket = ?1 AND kind = ?2").Text(bucket).Text(kind).Next();
    }
    return true;
  });
  return done ? Ok() : Status(done.error());
}

Result<std::optional<std::string>> R2Store::Document(std::string_view bucket,
                                                     std::string_view kind) {
  return Change([&]() -> std::optional<std::string> {
    Row row = Sql("SELECT body FROM document WHERE bucket = ?1 AND kind = ?2");
    if (!row.Text(bucket).Text(kind).Next()) return std::nullopt;
    return row.TextAt(0);
  });
}

Result<R2Listed> R2Store::List(std::string_view bucket, const R2ListQuery& query) {
  const std::string prefix = KeyOf(query.prefix);
  const std::string delimiter = KeyOf(query.delimiter);
  const std::string after = KeyOf(query.after);
  return Change([&] {
    R2Listed page;
    // The least key that may still come; one byte more than `after` is the next text there is.
    std::string from = std::max(prefix, after.empty() ? std::string() : after + '\0');
    if (!delimiter.empty() && !after.empty() && StartsWith(after, prefix)) {
      const std::size_t end = after.find(delimiter, prefix.size());
      // After a common prefix, all that it stands for is done.
      if (end != std::string::npos && end + delimiter.size() == after.size())
        from = After(after).value_or(from);
    }
    std::int64_t left = query.limit;
    while (true) {
      std::string key;
      {
        Row row =
            Sql("SELECT key FROM object WHERE bucket = ?1 AND key >= ?2 ORDER BY key LIMIT 1");
        if (!row.Text(bucket).Bytes(from).Next()) return page;
        key = row.TextAt(0);
      }
      if (!StartsWith(key, prefix)) return page;
      if (left-- <= 0) {
        page.truncated = true;
        return page;
      }
      const std::size_t end =
          delimiter.empty() ? std::string::npos : key.find(delimiter, prefix.size());
      if (end == std::string::npos) {
        page.objects.push_back(*ObjectAt(bucket, key, nullptr));
        page.last = key;
        from = key + '\0';
        continue;
      }
      page.last = key.substr(0, end + delimiter.size());
      page.prefixes.push_back(page.last);
      const auto next = After(page.last);
      if (!next) return page;
      from = *next;
    }
  });
}

}  // namespace mg::fake
