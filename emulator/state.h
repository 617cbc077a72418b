// The state folder of an emulator: one owner at a time, credentials, and the notes that commands
// look for.
#pragma once
#include <string>

#include "core/base/result.h"
#include "core/ports/random.h"
#include "emulator/ready.h"
#include "fakes/credentials.h"

namespace mg {

// Holds an exclusive lock on a folder while it lives; the lock goes with the process, however that
// ends.
class StateFolder {
 public:
  // Creates the folder (0700). Errors: kConflict, naming the pid that has it; kUnavailable.
  static Result<StateFolder> Open(const std::string& path);
  StateFolder(StateFolder&& other) noexcept;
  StateFolder& operator=(StateFolder&&) = delete;
  ~StateFolder();

  const std::string& path() const { return path_; }
  Status Empty();  // everything but the lock

 private:
  StateFolder(std::string path, int lock) : path_(std::move(path)), lock_(lock) {}
  std::string path_;
  int lock_;
};

// Reads {folder}/credentials.json, or makes it (0600).
Result<fake::Credentials> LoadOrMakeCredentials(const std::string& folder, Random& random);

// .moltgate/run of the current folder: ready.json and profile.jsonc, both 0600.
Status WriteRunNotes(const Ready& ready);
void RemoveRunNotes();
// Errors: kNotFound when no emulator runs here, with what to do.
Result<Ready> FindRunning();
std::string RunProfilePath();

Status MakeFolder(const std::string& path);  // with its parents, 0700

}  // namespace mg
