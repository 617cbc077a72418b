#include "fakes/d1/transfers.h"

#include <algorithm>
#include <utility>

#include "fakes/d1/limits.h"

namespace mg::fake::d1 {

void Transfers::Put(File file) {
  Lock lock(mutex_);
  std::erase_if(files_, [&](const File& other) { return other.name == file.name; });
  files_.push_back(std::move(file));
  std::size_t bytes = 0;
  for (const File& one : files_) bytes += one.bytes ? one.bytes->size() : 0;
  while (files_.size() > 1 && (files_.size() > kMaxTransfers || bytes > kMaxTransferBytes)) {
    bytes -= files_.front().bytes ? files_.front().bytes->size() : 0;
    files_.pop_front();
  }
}

std::optional<Transfers::File> Transfers::Find(const std::string& name, std::int64_t now_ms) {
  Lock lock(mutex_);
  const auto found = std::find_if(files_.begin(), files_.end(), [&](const File& one) {
    return one.name == name && now_ms < one.until_ms;
  });
  if (found == files_.end()) return std::nullopt;
  return *found;
}

std::optional<Transfers::File> Transfers::Of(const std::string& database,
                                             const std::string& bookmark, std::int64_t now_ms) {
  Lock lock(mutex_);
  const auto found = std::find_if(files_.rbegin(), files_.rend(), [&](const File& one) {
    return one.database == database && one.bookmark == bookmark && now_ms < one.until_ms;
  });
  if (found == files_.rend()) return std::nullopt;
  return *found;
}

void Transfers::Clear() {
  Lock lock(mutex_);
  files_.clear();
}

}  // namespace mg::fake::d1
