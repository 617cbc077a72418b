#include "emulator/state_copy.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <memory>
#include <stdexcept>
#include <system_error>
#include <utility>

#include "core/base/bytes.h"
#include "core/base/ids.h"
#include "emulator/state.h"
#include "fakes/sqlite.h"

namespace mg {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kStores[] = {"kv.sqlite", "r2.sqlite", "ai.sqlite", "ai_logs.sqlite"};
constexpr std::string_view kPlainFiles[] = {"credentials.json", "seed-keys.json"};
constexpr std::string_view kOutbox = "usage.outbox";  // and what it adds to that name
constexpr std::string_view kDatabases = "d1/";
constexpr std::string_view kObjects = "r2-objects/";
constexpr std::string_view kCatalogue = "d1/catalogue.sqlite";
constexpr std::string_view kSuffix = ".sqlite";
constexpr int kPagesAtOnce = 256;

bool StartsWith(std::string_view text, std::string_view start) {
  return text.substr(0, start.size()) == start;
}
bool EndsWith(std::string_view text, std::string_view end) {
  return text.size() >= end.size() && text.substr(text.size() - end.size()) == end;
}

bool IsDatabase(std::string_view name) {
  if (std::find(std::begin(kStores), std::end(kStores), name) != std::end(kStores)) return true;
  if (name == kCatalogue) return true;
  return StartsWith(name, kDatabases) && EndsWith(name, kSuffix) &&
         IsUuid(name.substr(kDatabases.size(), name.size() - kDatabases.size() - kSuffix.size()));
}

bool IsPlain(std::string_view name) {
  if (name.find('/') != std::string_view::npos) return false;
  return StartsWith(name, kOutbox) ||
         std::find(std::begin(kPlainFiles), std::end(kPlainFiles), name) != std::end(kPlainFiles);
}

Error SystemError(const std::string& what, const std::error_code& why) {
  return Error{Code::kUnavailable, what + ": " + why.message(), false};
}

// One database at one moment: while `writer_` stands nobody writes, and `reader_` keeps to what it
// saw first.
class Held {
 public:
  // Throws std::runtime_error.
  explicit Held(const std::string& path) : writer_(path), reader_(path) {
    Must(writer_, "BEGIN IMMEDIATE");
  }
  void Look() {
    Must(reader_, "BEGIN");
    Must(reader_, "SELECT count(*) FROM sqlite_schema");
  }
  void LetWritersGo() { Must(writer_, "ROLLBACK"); }
  void CopyTo(const std::string& path) {
    fake::Database to(path);
    sqlite3_backup* copy = sqlite3_backup_init(to.handle(), "main", reader_.handle(), "main");
    if (copy == nullptr) throw std::runtime_error(to.Message());
    while (sqlite3_backup_step(copy, kPagesAtOnce) == SQLITE_OK) {
    }
    if (sqlite3_backup_finish(copy) != SQLITE_OK) throw std::runtime_error(to.Message());
    Must(to, "PRAGMA wal_checkpoint(TRUNCATE)");
  }

 private:
  static void Must(fake::Database& db, const char* sql) {
    if (db.Execute(sql) != SQLITE_OK) throw std::runtime_error(db.Message());
  }

  fake::Database writer_, reader_;
};

// The file under another name; bytes are copied where the file system knows no links.
Status Link(const std::string& from, const std::string& to) {
  if (::link(from.c_str(), to.c_str()) == 0 || errno == ENOENT) return Ok();
  std::error_code failed;
  fs::copy_file(from, to, failed);
  return failed ? Status(SystemError("cannot copy " + from, failed)) : Ok();
}

// Objects are never changed, only removed: a link keeps what there is now.
Status KeepObjects(const std::string& folder, const std::string& copy) {
  std::error_code none;
  for (const auto& entry : fs::directory_iterator(folder + "/r2-objects", none)) {
    const std::string name = entry.path().filename().string();
    if (!IsStateFile(std::string(kObjects) + name)) continue;  // one that is being written
    MG_RETURN_IF_ERROR(Link(entry.path().string(), copy + "/r2-objects/" + name));
  }
  return Ok();
}

// A file that goes meanwhile is a segment of usage rows, all of which D1 had before it was held.
Status KeepPlainFiles(const std::string& folder, const std::string& copy,
                      const std::vector<std::string>& names) {
  for (const std::string& name : names) {
    if (!IsPlain(name)) continue;
    const std::string path = folder + "/" + name;
    std::error_code failed;
    fs::copy_file(path, copy + "/" + name, failed);
    if (failed && failed != std::errc::no_such_file_or_directory)
      return SystemError("cannot copy " + path, failed);
  }
  return Ok();
}

using HeldFiles = std::map<std::string, std::unique_ptr<Held>>;

// The catalogue first: while it is held, no database of D1 comes or goes, though the file of one
// may come late. The names are those of the moment when all are held.
Result<std::vector<std::string>> HoldAll(const std::string& folder, HeldFiles& held) {
  const auto hold = [&](const std::string& name) {
    if (held.count(name) == 0) held.emplace(name, std::make_unique<Held>(folder + "/" + name));
  };
  if (fs::exists(folder + "/" + std::string(kCatalogue))) hold(std::string(kCatalogue));
  for (;;) {
    MG_TRY(names, FilesOfState(folder));
    const std::size_t before = held.size();
    for (const std::string& name : names)
      if (IsDatabase(name)) hold(name);
    if (held.size() == before) return std::move(names);
  }
}

Status FillCopy(const std::string& folder, const std::string& copy) {
  HeldFiles held;
  try {
    MG_TRY(names, HoldAll(folder, held));
    for (auto& [name, database] : held) database->Look();
    MG_RETURN_IF_ERROR(KeepObjects(folder, copy));
    MG_RETURN_IF_ERROR(KeepPlainFiles(folder, copy, names));
    for (auto& [name, database] : held) database->LetWritersGo();
    for (auto& [name, database] : held) {
      database->CopyTo(copy + "/" + name);
      database.reset();
    }
  } catch (const std::runtime_error& failed) {
    return Error{Code::kUnavailable, "cannot copy the state: " + std::string(failed.what()), true};
  }
  return Ok();
}

}  // namespace

bool IsStateFile(std::string_view name) {
  if (IsPlain(name)) return true;
  if (StartsWith(name, kObjects)) {
    const std::string_view number = name.substr(kObjects.size());
    const auto id = ParseInt(number);
    return id && *id > 0 && number == std::to_string(*id);
  }
  return IsDatabase(name);
}

Result<std::vector<std::string>> FilesOfState(const std::string& folder) {
  std::vector<std::string> names;
  std::error_code failed;
  const auto add_from = [&](const std::string& below) {
    std::error_code absent;
    for (const auto& entry : fs::directory_iterator(folder + "/" + below, absent)) {
      const std::string name = below + entry.path().filename().string();
      if (IsStateFile(name) && entry.is_regular_file(failed)) names.push_back(name);
    }
  };
  add_from("");
  add_from(std::string(kDatabases));
  add_from(std::string(kObjects));
  std::sort(names.begin(), names.end());
  return names;
}

Result<std::vector<std::string>> TopFilesOfState(const std::string& folder) {
  std::vector<std::string> names;
  std::error_code failed;
  for (const auto& entry : fs::directory_iterator(folder, failed)) {
    const std::string name = entry.path().filename().string();
    const bool beside = std::any_of(std::begin(kStores), std::end(kStores), [&](auto store) {
      return name == std::string(store) + "-wal" || name == std::string(store) + "-shm";
    });
    if (beside || IsStateFile(name) || name + "/" == kDatabases || name + "/" == kObjects)
      names.push_back(name);
  }
  if (failed) return SystemError("cannot read " + folder, failed);
  return names;
}

void StateCopy::RemoveLeftovers(const std::string& folder) {
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(folder, ignored))
    if (StartsWith(entry.path().filename().string(), kLeftoverPrefix))
      fs::remove_all(entry, ignored);
}

Result<StateCopy> StateCopy::Make(const std::string& folder) {
  std::string path = folder + "/" + kLeftoverPrefix + "XXXXXX";
  if (::mkdtemp(path.data()) == nullptr)
    return SystemError("cannot write to " + folder, {errno, std::generic_category()});
  StateCopy copy(std::move(path));
  for (const char* below : {"/d1", "/r2-objects"})
    MG_RETURN_IF_ERROR(MakeFolder(copy.path_ + below));
  MG_RETURN_IF_ERROR(FillCopy(folder, copy.path_));
  return copy;
}

StateCopy::~StateCopy() {
  if (path_.empty()) return;
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

}  // namespace mg
