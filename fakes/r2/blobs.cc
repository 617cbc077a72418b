#include "fakes/r2/blobs.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <utility>

#include "core/base/bytes.h"
#include "fakes/r2/limits.h"

namespace mg::fake {
namespace {

constexpr std::string_view kUnfinished = "new-";

Error SystemError(const std::string& what) {
  return Error{Code::kUnavailable, "r2: cannot " + what + ": " + std::strerror(errno), true};
}

Status WriteAll(int file, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(file, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return SystemError("write an object");
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return Ok();
}

}  // namespace

Blobs::Blobs(std::string folder) : folder_(std::move(folder)) {
  if (folder_.empty()) return;
  if (::mkdir(folder_.c_str(), 0700) != 0 && errno != EEXIST)
    throw std::runtime_error("cannot make " + folder_ + ": " + std::strerror(errno));
}

std::string Blobs::PathOf(BlobId id, bool whole) const {
  return folder_ + "/" + std::string(whole ? "" : kUnfinished) + std::to_string(id);
}

void Blobs::Sweep(const std::set<BlobId>& known) {
  if (!known.empty()) next_ = *known.rbegin() + 1;
  if (folder_.empty()) return;
  DIR* entries = ::opendir(folder_.c_str());
  if (entries == nullptr) return;
  std::vector<std::string> orphans;
  while (const dirent* entry = ::readdir(entries)) {
    const std::string name = entry->d_name;
    if (name == "." || name == "..") continue;
    const auto id = ParseInt(name);
    if (!id || known.count(*id) == 0) orphans.push_back(name);
  }
  ::closedir(entries);
  for (const std::string& name : orphans) ::unlink((folder_ + "/" + name).c_str());
}

std::unique_ptr<Blobs::Writer> Blobs::Write() {
  Lock lock(mutex_);
  const BlobId id = next_++;
  lock.unlock();
  return std::make_unique<Writer>(shared_from_this(), id);
}

std::shared_ptr<Blobs::Pin> Blobs::Hold(std::vector<BlobId> ids) {
  const Lock lock(mutex_);
  for (const BlobId id : ids) ++held_[id];
  return std::make_shared<Pin>(shared_from_this(), std::move(ids));
}

Result<std::string> Blobs::Read(BlobId id, std::int64_t offset, std::size_t size) {
  if (!folder_.empty()) return ReadFile(id, offset, size);
  const Lock lock(mutex_);
  const auto found = in_memory_.find(id);
  std::string out;
  for (auto at = static_cast<std::size_t>(offset);
       found != in_memory_.end() && out.size() < size;) {
    const std::size_t index = at / r2::kPieceBytes;
    if (index >= found->second.pieces.size()) break;
    const std::string& piece = found->second.pieces[index];
    const std::size_t within = at % r2::kPieceBytes;
    if (within >= piece.size()) break;
    const std::size_t taken = std::min(piece.size() - within, size - out.size());
    out.append(piece, within, taken);
    at += taken;
  }
  if (out.size() == size) return out;
  return Error{Code::kInternal, "r2: an object's bytes are gone", false};
}

Result<std::string> Blobs::ReadFile(BlobId id, std::int64_t offset, std::size_t size) const {
  const int file = ::open(PathOf(id, true).c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return SystemError("open an object");
  std::string out(size, '\0');
  std::size_t have = 0;
  while (have < size) {
    const ssize_t got = ::pread(file, out.data() + have, size - have,
                                static_cast<off_t>(offset) + static_cast<off_t>(have));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    have += static_cast<std::size_t>(got);
  }
  ::close(file);
  if (have == size) return out;
  return Error{Code::kUnavailable, "r2: an object's file is short", false};
}

void Blobs::Remove(const std::vector<BlobId>& ids) {
  const Lock lock(mutex_);
  for (const BlobId id : ids) {
    if (held_.count(id) != 0) {
      doomed_.insert(id);
    } else {
      RemoveNow(id);
    }
  }
}

void Blobs::Release(const std::vector<BlobId>& ids) {
  const Lock lock(mutex_);
  for (const BlobId id : ids) {
    if (--held_[id] > 0) continue;
    held_.erase(id);
    if (doomed_.erase(id) > 0) RemoveNow(id);
  }
}

void Blobs::RemoveNow(BlobId id) {
  if (!folder_.empty()) {
    ::unlink(PathOf(id, true).c_str());  // one that stays is swept at the next start
    return;
  }
  const auto found = in_memory_.find(id);
  if (found == in_memory_.end()) return;
  memory_bytes_ -= found->second.size_bytes;
  in_memory_.erase(found);
}

Status Blobs::SyncFolder() const {
  const int folder = ::open(folder_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder < 0) return SystemError("open the objects' folder");
  const bool synced = ::fsync(folder) == 0;
  ::close(folder);
  return synced ? Ok() : Status(SystemError("sync the objects' folder"));
}

Blobs::Pin::Pin(std::shared_ptr<Blobs> blobs, std::vector<BlobId> ids)
    : blobs_(std::move(blobs)), ids_(std::move(ids)) {}

Blobs::Pin::~Pin() {
  blobs_->Release(ids_);
}

Blobs::Writer::Writer(std::shared_ptr<Blobs> blobs, BlobId id)
    : blobs_(std::move(blobs)), id_(id) {}

Blobs::Writer::~Writer() {
  if (finished_) return;
  if (file_ >= 0) {
    ::close(file_);
    ::unlink(blobs_->PathOf(id_, false).c_str());
  }
  const Lock lock(blobs_->mutex_);
  blobs_->memory_bytes_ -= blobs_->folder_.empty() ? size_bytes_ : 0;
}

Status Blobs::Writer::Append(std::string_view bytes) {
  if (!blobs_->folder_.empty()) {
    if (file_ < 0) {
      const std::string path = blobs_->PathOf(id_, false);
      file_ = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    }
    if (file_ < 0) return SystemError("make an object");
    return WriteAll(file_, bytes);
  }
  {
    const Lock lock(blobs_->mutex_);
    if (blobs_->memory_bytes_ + bytes.size() > r2::kMaxMemoryBytes) {
      return Error{Code::kExhausted, "r2: objects in memory take too much of it", false};
    }
    blobs_->memory_bytes_ += bytes.size();
    size_bytes_ += bytes.size();
  }
  while (!bytes.empty()) {
    if (pieces_.empty() || pieces_.back().size() == r2::kPieceBytes) pieces_.emplace_back();
    const std::string_view taken = bytes.substr(0, r2::kPieceBytes - pieces_.back().size());
    pieces_.back().append(taken);
    bytes.remove_prefix(taken.size());
  }
  return Ok();
}

Status Blobs::Writer::Finish() {
  if (blobs_->folder_.empty()) {
    const Lock lock(blobs_->mutex_);
    blobs_->in_memory_[id_] = {std::move(pieces_), size_bytes_};
    finished_ = true;
    return Ok();
  }
  MG_RETURN_IF_ERROR(Append(""));  // an empty one has a file too
  if (::fsync(file_) != 0) return SystemError("sync an object");
  const std::string from = blobs_->PathOf(id_, false);
  const std::string to = blobs_->PathOf(id_, true);
  if (::rename(from.c_str(), to.c_str()) != 0) return SystemError("rename an object");
  ::close(file_);
  file_ = -1;
  finished_ = true;
  return blobs_->SyncFolder();
}

}  // namespace mg::fake
