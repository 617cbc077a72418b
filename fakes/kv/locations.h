// What each location still has of KV (wire/storage.md 2.6): a value or its absence that was read
// there, and pages of keys. And how lately each key was written.
//
// Bounded: what is too much is forgotten, so a read is then fresher than it need be.
// Thread-safety: all members. Times are milliseconds of the Runtime's calendar.
#pragma once
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "core/ports/runtime.h"
#include "fakes/kv/store.h"

namespace mg::fake::kv {

struct Spot {  // one key as one location sees it
  std::string location, space, key;
  friend auto operator<=>(const Spot&, const Spot&) = default;
};

class Locations {
 public:
  // The outer nullopt: the truth must be asked. An entry whose time has come is absent.
  std::optional<std::optional<Entry>> Held(const Spot& spot, std::int64_t now_ms);
  void Hold(const Spot& spot, std::optional<Entry> entry, std::int64_t until_ms);

  // Pages of keys; `key` of the spot is the query. A write at a location forgets its pages.
  std::optional<std::string> HeldPage(const Spot& spot, std::int64_t now_ms);
  void HoldPage(const Spot& spot, std::string page, std::int64_t until_ms);
  void ForgetPages(const std::string& location, const std::string& space);

  // Whether this key may be written now; then it counts as written.
  bool TakeWrite(const std::string& space, const std::string& key, std::int64_t now_ms);

  void Clear();

 private:
  template <class What>
  struct Snapshot {
    What what;
    std::int64_t until_ms;
  };
  void MakeRoom(std::size_t bytes);
  void MakeRoomForWrites(std::int64_t now_ms);

  Mutex mutex_;
  std::map<Spot, Snapshot<std::optional<Entry>>> entries_;
  std::map<Spot, Snapshot<std::string>> pages_;
  std::map<std::pair<std::string, std::string>, std::int64_t> written_ms_;
  std::size_t bytes_ = 0;
};

}  // namespace mg::fake::kv
