// All D1 databases of the account, by id; each is opened when it is first needed.
//
// Thread-safety: all members.
#pragma once
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/ports/runtime.h"
#include "fakes/credentials.h"
#include "fakes/d1/catalogue.h"
#include "fakes/d1/clock.h"
#include "fakes/d1/database.h"

namespace mg::fake::d1 {

class Databases {
 public:
  // Throws std::runtime_error when the catalogue or the configured database cannot be opened.
  Databases(const Credentials& credentials, const std::string& folder, Runtime& runtime);

  Catalogue& catalogue() { return catalogue_; }
  std::string NewUuid();
  // Null when it cannot be opened.
  std::shared_ptr<SqlDatabase> Open(const std::string& uuid);
  void Forget(const std::string& uuid);  // with its files
  void Reset();                          // the configured one alone, empty

 private:
  void AddConfigured();
  std::string PathOf(const std::string& uuid) const;

  const Credentials& credentials_;
  Runtime& runtime_;
  const std::string folder_;  // empty: in memory
  Catalogue catalogue_;
  ClockVfs clock_;
  Mutex mutex_;
  std::map<std::string, std::shared_ptr<SqlDatabase>> open_;
};

std::optional<std::int64_t> ParseIsoTime(const std::string& text);  // milliseconds; also seconds

}  // namespace mg::fake::d1
