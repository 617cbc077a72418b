// Where the bytes of bigger objects live: a file each in a folder, or memory without one. A blob is
// written once, from start to end, and never changed.
//
// Files: written as "new-<id>", synced, renamed to "<id>"; the rows that name them are committed
// after that, and removed before the file is. What no row names is swept at the next start.
//
// Thread-safety: all members; a Writer from one task at a time. Errors: kUnavailable with the
// system's reason; kExhausted when memory has no room for more.
#pragma once
#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "core/ports/runtime.h"

namespace mg::fake {

using BlobId = std::int64_t;

struct Segment {  // a piece of a blob
  BlobId blob = 0;
  std::int64_t offset = 0;
  std::int64_t size = 0;
};

class Blobs : public std::enable_shared_from_this<Blobs> {
 public:
  class Writer {
   public:
    Writer(std::shared_ptr<Blobs> blobs, BlobId id);
    ~Writer();  // removes what was not finished
    Writer(const Writer&) = delete;
    Writer& operator=(const Writer&) = delete;
    Status Append(std::string_view bytes);
    Status Finish();  // it survives a power cut from here on
    BlobId id() const { return id_; }

   private:
    const std::shared_ptr<Blobs> blobs_;
    const BlobId id_;
    int file_ = -1;
    std::vector<std::string> pieces_;
    std::uint64_t size_bytes_ = 0;
    bool finished_ = false;
  };

  // While one lives, its blobs can be read even when they were removed.
  class Pin {
   public:
    Pin(std::shared_ptr<Blobs> blobs, std::vector<BlobId> ids);
    ~Pin();
    Pin(const Pin&) = delete;
    Pin& operator=(const Pin&) = delete;

   private:
    const std::shared_ptr<Blobs> blobs_;
    const std::vector<BlobId> ids_;
  };

  // `folder`: made when absent; empty keeps everything in memory. Throws std::runtime_error.
  explicit Blobs(std::string folder);

  void Sweep(const std::set<BlobId>& known);  // at the start, before anything else
  std::unique_ptr<Writer> Write();
  std::shared_ptr<Pin> Hold(std::vector<BlobId> ids);
  // `size` bytes from `offset`, all of them.
  Result<std::string> Read(BlobId id, std::int64_t offset, std::size_t size);
  void Remove(const std::vector<BlobId>& ids);

 private:
  struct InMemory {
    std::vector<std::string> pieces;  // of kPieceBytes each, the last excepted
    std::uint64_t size_bytes = 0;
  };

  std::string PathOf(BlobId id, bool whole) const;
  Status SyncFolder() const;
  Result<std::string> ReadFile(BlobId id, std::int64_t offset, std::size_t size) const;
  void Release(const std::vector<BlobId>& ids);
  void RemoveNow(BlobId id);

  const std::string folder_;
  Mutex mutex_;
  BlobId next_ = 1;
  std::map<BlobId, InMemory> in_memory_;
  std::uint64_t memory_bytes_ = 0;  // finished or being written
  std::map<BlobId, int> held_;
  std::set<BlobId> doomed_;  // removed while held
};

}  // namespace mg::fake
