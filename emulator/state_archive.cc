#include "emulator/state_archive.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "core/adapters/file_io.h"
#include "core/adapters/small_adapters.h"
#include "core/base/bytes.h"
#include "core/base/json.h"
#include "core/base/time_text.h"
#include "emulator/state.h"
#include "emulator/state_copy.h"
#include "emulator/tar.h"
#include "fakes/credentials.h"
#include "fakes/r2/digests.h"

namespace mg {
namespace {

namespace fs = std::filesystem;

constexpr const char* kManifest = "moltgate-state.json";
constexpr const char* kSums = "SHA256SUMS";
constexpr const char* kFormatKey = "moltgate_state";
// An import that may still be given up, and one that must be finished.
constexpr const char* kArriving = "import-arriving";
constexpr const char* kReady = "import-ready";
constexpr const char* kMoving = "import-moving";
constexpr std::size_t kMaxSmallBytes = std::size_t{64} * 1024 * 1024;  // manifest and sums

Error SystemError(const std::string& what) {
  return Error{Code::kUnavailable, what + ": " + std::strerror(errno), false};
}

Status Synced(const std::string& folder) {
  return SyncFolder(folder) ? Ok() : Status(SystemError("cannot sync " + folder));
}

Status Rename(const std::string& from, const std::string& to) {
  if (::rename(from.c_str(), to.c_str()) != 0) return SystemError("cannot move " + from);
  return Ok();
}

Status WriteArchive(const std::string& copy, const std::string& file, WallTime now) {
  MG_TRY(archive, TarWriter::Create(file));
  MG_TRY(manifest_sum, archive.AddText(kManifest, DumpJson({{kFormatKey, kStateFormat},
                                                            {"made_at", IsoMillis(now.ms)}})));
  std::string sums = manifest_sum + "  " + kManifest + "\n";
  MG_TRY(names, FilesOfState(copy));
  for (const std::string& name : names) {
    std::string path = copy;
    path.append("/").append(name);
    MG_TRY(sum, archive.AddFile(name, path));
    sums.append(sum).append("  ").append(name).append("\n");
  }
  MG_TRY(last, archive.AddText(kSums, sums));
  static_cast<void>(last);
  return archive.Finish();
}

// --- import ------------------------------------------------------------------------------------

class Arrival {
 public:
  Arrival(TarReader archive, std::string folder)
      : archive_(std::move(archive)), folder_(std::move(folder)) {}

  Status ReceiveAll();

 private:
  Status CheckManifest();
  Status Receive(const TarEntry& entry);
  Result<std::string> Small(const TarEntry& entry);
  Status CheckSums(const std::string& said) const;

  TarReader archive_;
  const std::string folder_;
  std::map<std::string, std::string> sums_;  // of what came, by name
};

Error Damaged(const std::string& what) {
  return Error{Code::kCorrupt, "the archive is damaged: " + what, false};
}

Error NoState() {
  return Error{Code::kCorrupt, "this is no archive of a state; `moltgate state export` makes one",
               false};
}

Result<std::string> Arrival::Small(const TarEntry& entry) {
  std::string text;
  if (entry.size > static_cast<std::int64_t>(kMaxSmallBytes)) return Damaged(entry.name);
  while (static_cast<std::int64_t>(text.size()) < entry.size) {
    MG_TRY(piece, archive_.Read());
    text += piece;
  }
  sums_[entry.name] = HexEncode(fake::DigestOf(fake::Algorithm::kSha256, text));
  return text;
}

Status Arrival::CheckManifest() {
  auto entry = archive_.Next();
  if (!entry || !*entry || (*entry)->name != kManifest) return NoState();
  MG_TRY(text, Small(**entry));
  const auto manifest = ParseJson(text);
  const std::int64_t format = manifest ? IntAt(*manifest, kFormatKey, 0) : 0;
  if (format < 1) return NoState();
  if (format > kStateFormat) {
    return Error{Code::kInvalid,
                 "the archive is of a newer moltgate (format " + std::to_string(format) +
                     "; this one reads up to " + std::to_string(kStateFormat) + ")",
                 false};
  }
  return Ok();
}

Status Arrival::Receive(const TarEntry& entry) {
  if (!IsStateFile(entry.name))
    return Damaged("\"" + entry.name.substr(0, 64) + "\" is no file of a state");
  if (sums_.count(entry.name) != 0) return Damaged(entry.name + " is in it twice");
  std::string path = folder_;
  path.append("/").append(entry.name);
  MG_RETURN_IF_ERROR(MakeFolder(fs::path(path).parent_path().string()));
  std::FILE* file = std::fopen(path.c_str(), "wbex");
  if (file == nullptr) return SystemError("cannot write " + path);
  ::fchmod(::fileno(file), 0600);
  fake::Digest digest(fake::Algorithm::kSha256);
  Status done = Ok();
  for (std::int64_t left = entry.size; done && left > 0;) {
    auto piece = archive_.Read();
    if (!piece) {
      done = piece.error();
      break;
    }
    digest.Update(*piece);
    left -= static_cast<std::int64_t>(piece->size());
    if (std::fwrite(piece->data(), 1, piece->size(), file) != piece->size())
      done = SystemError("cannot write " + path);
  }
  if (done && (std::fflush(file) != 0 || ::fsync(::fileno(file)) != 0))
    done = SystemError("cannot write " + path);
  std::fclose(file);
  sums_[entry.name] = HexEncode(digest.Finish());
  return done;
}

Status Arrival::CheckSums(const std::string& said) const {
  std::map<std::string, std::string> expected;
  for (const std::string_view line : Split(said, '\n')) {
    if (line.empty()) continue;
    const std::size_t gap = line.find("  ");
    if (gap == std::string_view::npos) return Damaged("its sums are none");
    expected[std::string(line.substr(gap + 2))] = line.substr(0, gap);
  }
  for (const auto& [name, sum] : expected) {
    const auto found = sums_.find(name);
    if (found == sums_.end()) return Damaged(name + " is missing");
    if (found->second != sum) return Damaged(name + " is not what was exported");
  }
  return expected.size() == sums_.size() ? Ok() : Status(Damaged("it holds more than it says"));
}

Status Arrival::ReceiveAll() {
  MG_RETURN_IF_ERROR(CheckManifest());
  for (;;) {
    MG_TRY(entry, archive_.Next());
    if (!entry) return Damaged("its sums are missing");
    if (entry->name != kSums) {
      MG_RETURN_IF_ERROR(Receive(*entry));
      continue;
    }
    const auto before = sums_;
    MG_TRY(said, Small(*entry));
    sums_ = before;
    return CheckSums(said);
  }
}

// What came must be a state that an emulator can start with.
Status CheckState(const std::string& folder) {
  FileDisk disk;
  auto text = disk.Read(folder + "/credentials.json");
  if (!text) return Damaged("credentials.json is missing");
  auto credentials = fake::CredentialsFromJson(*text);
  return credentials ? Ok() : Status(Damaged(credentials.error().message));
}

Status SyncFolders(const std::string& folder) {
  std::error_code failed;
  for (const auto& entry : fs::directory_iterator(folder, failed))
    if (entry.is_directory()) MG_RETURN_IF_ERROR(Synced(entry.path().string()));
  return Synced(folder);
}

Status Remove(const fs::path& path) {
  std::error_code failed;
  fs::remove_all(path, failed);
  if (!failed) return Ok();
  return Error{Code::kUnavailable, "cannot remove " + path.string() + ": " + failed.message()};
}

}  // namespace

Status ExportState(const std::string& folder, const std::string& file, WallTime now) {
  if (!fs::exists(folder + "/credentials.json")) {
    return Error{Code::kNotFound,
                 "there is no state in " + folder +
                     "; `moltgate up` makes one, or name another "
                     "folder (--state)",
                 false};
  }
  MG_TRY(copy, StateCopy::Make(folder));
  const std::string unfinished = file + ".new";
  Status written = WriteArchive(copy.path(), unfinished, now);
  if (written) written = Rename(unfinished, file);
  if (!written) {
    ::unlink(unfinished.c_str());
    return written;
  }
  const std::string parent = fs::path(file).parent_path().string();
  return Synced(parent.empty() ? "." : parent);
}

Status ImportState(const StateFolder& folder, const std::string& file) {
  const std::string arriving = folder.path() + "/" + kArriving;
  MG_TRY(archive, TarReader::Open(file));
  MG_RETURN_IF_ERROR(Remove(arriving));
  MG_RETURN_IF_ERROR(MakeFolder(arriving));
  Status arrived = Arrival(std::move(archive), arriving).ReceiveAll();
  if (arrived) arrived = CheckState(arriving);
  if (arrived) arrived = SyncFolders(arriving);
  if (!arrived) {
    MG_RETURN_IF_ERROR(Remove(arriving));
    return arrived;
  }
  MG_RETURN_IF_ERROR(Rename(arriving, folder.path() + "/" + kReady));
  MG_RETURN_IF_ERROR(Synced(folder.path()));  // from here on there is only forward
  return FinishImport(folder.path());
}

// May be cut off anywhere and begun again: what has moved is no longer in `ready`, and everything
// else that stands in its place is of the old state until the marker is gone.
Status FinishImport(const std::string& folder) {
  const fs::path ready = fs::path(folder) / kReady;
  const fs::path moving = fs::path(folder) / kMoving;
  MG_RETURN_IF_ERROR(Remove(fs::path(folder) / kArriving));
  if (fs::exists(ready)) {  // the old state goes first, as a whole
    MG_TRY(old, TopFilesOfState(folder));
    for (const std::string& name : old) MG_RETURN_IF_ERROR(Remove(fs::path(folder) / name));
    MG_RETURN_IF_ERROR(Synced(folder));
    MG_RETURN_IF_ERROR(Rename(ready.string(), moving.string()));
    MG_RETURN_IF_ERROR(Synced(folder));
  }
  if (!fs::exists(moving)) return Ok();
  MG_TRY(names, TopFilesOfState(moving.string()));
  for (const std::string& name : names)
    MG_RETURN_IF_ERROR(Rename((moving / name).string(), folder + "/" + name));
  MG_RETURN_IF_ERROR(Synced(folder));
  return Remove(moving);
}

}  // namespace mg
