// What the management API of AI Gateway keeps: small JSON documents in named scopes, written
// through to a file when there is one. Readers hold their own copies in memory.
//
// Thread-safety: all members.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/ports/runtime.h"
#include "fakes/sqlite.h"

namespace mg::fake {

class AiDocuments {
 public:
  // `path` empty: nothing is kept. Throws std::runtime_error when it cannot open.
  explicit AiDocuments(const std::string& path);

  std::vector<std::string> Load(std::string_view scope);  // in the order of their making
  // False when the disk failed: then nothing has changed.
  bool Put(std::string_view scope, std::string_view id, std::string_view json);
  bool Delete(std::string_view scope, std::string_view id);
  void Clear();

 private:
  Mutex mutex_;
  std::optional<Database> db_;
};

}  // namespace mg::fake
