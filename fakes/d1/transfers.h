// What travels beside the API: files that are uploaded for an import, and exports that wait to be
// fetched (wire/storage.md 3.6, 3.7). Their names are unguessable, as the service's URLs are.
//
// Bounded: the oldest go first. Thread-safety: all members.
#pragma once
#include <cstddef>
#include <deque>
#include <memory>
#include <optional>
#include <string>

#include "core/ports/runtime.h"

namespace mg::fake::d1 {

class Transfers {
 public:
  struct File {
    std::string name;  // "9a03...sql"
    std::string database;
    std::string etag;                          // of an upload: what its client said its MD5 is
    std::shared_ptr<const std::string> bytes;  // null: not uploaded yet
    std::string bookmark;                      // of an export: the state that it holds
    std::int64_t until_ms = 0;
  };

  void Put(File file);  // in place of one of that name
  std::optional<File> Find(const std::string& name, std::int64_t now_ms);
  // The export of that database that is going on.
  std::optional<File> Of(const std::string& database, const std::string& bookmark,
                         std::int64_t now_ms);
  void Clear();

 private:
  Mutex mutex_;
  std::deque<File> files_;
};

}  // namespace mg::fake::d1
