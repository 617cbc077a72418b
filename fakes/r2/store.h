// R2's objects of one bucket on SQLite.
//
// Thread-safety: all members. Errors: kInternal with SQLite's text.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/result.h"
#include "core/http/headers.h"
#include "core/ports/runtime.h"
#include "fakes/sqlite.h"

namespace mg::fake {

struct R2Object {
  std::string etag;  // lower-case hex, without quotes
  std::int64_t size_bytes = 0;
  std::int64_t modified_ms = 0;
  Headers headers;   // content-type, x-amz-meta-*, ... as they are returned
  std::string body;  // empty when only the head was asked for
};

class R2Store {
 public:
  // Throws std::runtime_error when `path` cannot be opened; empty keeps it in memory.
  explicit R2Store(const std::string& path);

  Status Put(std::string_view key, const R2Object& object);
  Result<std::optional<R2Object>> Get(std::string_view key, bool with_body);
  Status Delete(std::string_view key);
  Status Clear();

 private:
  struct Schema {  // made before the statements over it are prepared
    explicit Schema(Database& db);
  };
  Status Finish(Statement& statement);

  Mutex mutex_;
  Database db_;
  Schema schema_;
  Statement put_;
  Statement get_;
  Statement head_;
  Statement delete_;
  Statement clear_;
};

}  // namespace mg::fake
