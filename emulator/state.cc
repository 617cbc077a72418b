#include "emulator/state.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "core/adapters/small_adapters.h"
#include "core/base/bytes.h"
#include "emulator/state_archive.h"
#include "emulator/state_copy.h"

namespace mg {
namespace {

namespace fs = std::filesystem;

constexpr const char* kRunFolder = ".moltgate/run";
constexpr const char* kReadyPath = ".moltgate/run/ready.json";
constexpr const char* kProfilePath = ".moltgate/run/profile.jsonc";
constexpr const char* kLockName = "lock";

// What a command needs to work on the running emulator; secrets are in ready.json alone.
constexpr std::string_view kRunProfile =
    R"(// Written by `moltgate up`: every binding is the running emulator's.
{
  "environment": "development",
  "bindings": {
    "MOLTBOT_BUCKET": {"kind": "fake"},
    "TENANT_DB": {"kind": "fake"},
    "TENANT_KV": {"kind": "fake"}
  },
  "access": {"kind": "fake"},
  "ai_gateway": {"kind": "fake"}
}
)";

Error SystemError(const std::string& what) {
  return Error{Code::kUnavailable, what + ": " + std::strerror(errno)};
}

std::string ReadSmall(int descriptor) {
  char buffer[32] = {};
  const ssize_t count = ::pread(descriptor, buffer, sizeof(buffer) - 1, 0);
  return count > 0
             ? std::string(TrimSpace(std::string_view(buffer, static_cast<std::size_t>(count))))
             : "";
}

}  // namespace

Status MakeFolder(const std::string& path) {
  std::error_code failed;
  fs::create_directories(path, failed);
  if (failed) return Error{Code::kUnavailable, "cannot create " + path + ": " + failed.message()};
  fs::permissions(path, fs::perms::owner_all, failed);
  return Ok();
}

Result<StateFolder> StateFolder::Open(const std::string& path) {
  MG_RETURN_IF_ERROR(MakeFolder(path));
  const std::string lock_path = path + "/" + kLockName;
  const int lock = ::open(lock_path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (lock < 0) return SystemError("cannot open " + lock_path);
  if (::flock(lock, LOCK_EX | LOCK_NB) != 0) {
    const std::string owner = ReadSmall(lock);
    ::close(lock);
    return Error{Code::kConflict, "the state folder " + path +
                                      " is in use by the emulator with pid " + owner +
                                      "; stop it, or use another folder (--state)"};
  }
  const std::string pid = std::to_string(::getpid()) + "\n";
  if (::ftruncate(lock, 0) != 0 || ::pwrite(lock, pid.data(), pid.size(), 0) < 0) {
    ::close(lock);
    return SystemError("cannot write " + lock_path);
  }
  StateFolder folder(path, lock);
  StateCopy::RemoveLeftovers(path);
  MG_RETURN_IF_ERROR(FinishImport(path));
  return folder;
}

StateFolder::StateFolder(StateFolder&& other) noexcept
    : path_(std::move(other.path_)), lock_(other.lock_) {
  other.lock_ = -1;
}

StateFolder::~StateFolder() {
  if (lock_ >= 0) ::close(lock_);
}

Status StateFolder::Empty() {
  std::error_code failed;
  for (const auto& entry : fs::directory_iterator(path_, failed)) {
    if (entry.path().filename() == kLockName) continue;
    fs::remove_all(entry.path(), failed);
    if (failed)
      return Error{Code::kUnavailable,
                   "cannot remove " + entry.path().string() + ": " + failed.message()};
  }
  return Ok();
}

Result<fake::Credentials> LoadOrMakeCredentials(const std::string& folder, Random& random) {
  FileDisk disk;
  const std::string path = folder + "/credentials.json";
  auto text = disk.Read(path);
  if (text) {
    auto credentials = fake::CredentialsFromJson(*text);
    if (!credentials) return Error{Code::kCorrupt, path + ": " + credentials.error().message};
    return std::move(*credentials);
  }
  if (text.error().code != Code::kNotFound) return text.error();
  fake::Credentials made = fake::MakeCredentials(random);
  MG_RETURN_IF_ERROR(disk.Replace(path, fake::CredentialsToJson(made)));
  return made;
}

Status WriteRunNotes(const Ready& ready) {
  MG_RETURN_IF_ERROR(MakeFolder(kRunFolder));
  FileDisk disk;
  MG_RETURN_IF_ERROR(disk.Replace(kProfilePath, kRunProfile));
  return disk.Replace(kReadyPath, ReadyToJson(ready));
}

void RemoveRunNotes() {
  std::error_code ignored;
  fs::remove(kReadyPath, ignored);
  fs::remove(kProfilePath, ignored);
}

Result<Ready> FindRunning() {
  FileDisk disk;
  auto text = disk.Read(kReadyPath);
  if (!text) {
    return Error{Code::kNotFound,
                 "no emulator runs from this folder; start one with `moltgate up`, or name a "
                 "profile (--profile)"};
  }
  MG_TRY(ready, ReadyFromJson(*text));
  if (ready.pid <= 0 || ::kill(static_cast<pid_t>(ready.pid), 0) != 0) {
    return Error{Code::kNotFound, "the emulator of this folder (pid " + std::to_string(ready.pid) +
                                      ") has ended; start one with `moltgate up`"};
  }
  return std::move(ready);
}

std::string RunProfilePath() {
  return kProfilePath;
}

}  // namespace mg
