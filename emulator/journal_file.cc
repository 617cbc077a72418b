#include "emulator/journal_file.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include <string_view>
#include <utility>

#include "core/adapters/file_io.h"

namespace mg {
namespace {

constexpr std::size_t kMaxBytes = std::size_t{32} << 20;

}  // namespace

JournalFile::JournalFile(std::string path) : path_(std::move(path)) {
  Open();
}
JournalFile::~JournalFile() {
  Close();
}

void JournalFile::Open() {
  file_ = ::open(path_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600);
  bytes_ = 0;
}

void JournalFile::Close() {
  if (file_ >= 0) ::close(std::exchange(file_, -1));
}

void JournalFile::Append(const std::vector<fake::JournalEntry>& entries) {
  if (file_ < 0 || entries.empty()) return;
  std::string text;
  for (const fake::JournalEntry& entry : entries) text += fake::JournalEntryJson(entry) + "\n";
  if (bytes_ > 0 && bytes_ + text.size() > kMaxBytes) {
    Close();
    static_cast<void>(::rename(path_.c_str(), (path_ + ".1").c_str()));
    Open();
  }
  if (file_ < 0 || !WriteAll(file_, text)) return Close();
  bytes_ += text.size();
}

}  // namespace mg
