// A copy of all stores of a state folder as they stood at one moment, made beside a running
// emulator: every database is held for as long as it takes to open a reader on each and to link the
// objects' files, which never change; then writers go on, and the readers are copied.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"

namespace mg {

// What begins so in a state folder is an export's, and goes at the next start.
inline constexpr const char* kLeftoverPrefix = "export-";

class StateCopy {
 public:
  // In the same folder, for links go no further. Errors: kUnavailable.
  static Result<StateCopy> Make(const std::string& folder);
  StateCopy(StateCopy&& other) noexcept : path_(std::move(other.path_)) { other.path_.clear(); }
  StateCopy& operator=(StateCopy&&) = delete;
  ~StateCopy();  // removes it

  const std::string& path() const { return path_; }
  static void RemoveLeftovers(const std::string& folder);  // of exports that were killed

 private:
  explicit StateCopy(std::string path) : path_(std::move(path)) {}
  std::string path_;
};

// Whether a file of this name, from the state folder, is part of a state: stores, credentials,
// usage rows that wait, objects.
bool IsStateFile(std::string_view name);
Result<std::vector<std::string>> FilesOfState(const std::string& folder);  // sorted
// What stands in the folder itself, files that go with a database included.
Result<std::vector<std::string>> TopFilesOfState(const std::string& folder);

}  // namespace mg
