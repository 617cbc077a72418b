// The journal on disk: NDJSON, for the owner alone. When a file is full it becomes `<path>.1`, in
// place of the one before.
//
// Thread-safety: none. Errors: what cannot be written is left out; calls go on.
#pragma once
#include <cstddef>
#include <string>
#include <vector>

#include "fakes/journal.h"

namespace mg {

class JournalFile {
 public:
  explicit JournalFile(std::string path);
  ~JournalFile();
  JournalFile(const JournalFile&) = delete;
  JournalFile& operator=(const JournalFile&) = delete;

  void Append(const std::vector<fake::JournalEntry>& entries);

 private:
  void Open();
  void Close();

  const std::string path_;
  int file_ = -1;  // -1: could not be opened
  std::size_t bytes_ = 0;
};

}  // namespace mg
