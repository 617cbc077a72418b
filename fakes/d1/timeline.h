// The moments that a database can go back to (wire/storage.md 3.8): each state that somebody has a
// bookmark of, and what stood at the end of each minute in which something was written.
//
// Bounded: the oldest go first. Thread-safety: none; the database guards it.
#pragma once
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>

#include "core/ports/runtime.h"

namespace mg::fake::d1 {

struct Moment {
  std::string bookmark;
  std::int64_t since_ms = 0;                    // when this state came to be
  std::shared_ptr<const std::string> snapshot;  // a whole database file; empty: no tables
};

class Timeline {
 public:
  // `life`: of this database since the account's beginning; later ones order after earlier ones.
  Timeline(std::string uuid, std::int64_t life, std::int64_t now_ms);

  std::string Bookmark() const;  // of the state now
  // Whether that state should be kept before a write at `now_ms` ends it.
  bool WantsMoment(std::int64_t now_ms) const;
  bool HasMoment() const;  // of the state now
  void Keep(std::string snapshot);
  void Wrote(std::int64_t now_ms);
  // Of the state at that time; nullopt before the first one that is kept. The state now has a
  // moment already.
  std::optional<std::string> BookmarkAt(std::int64_t at_ms) const;
  const Moment* Find(const std::string& bookmark) const;
  void Restored(std::int64_t now_ms);  // to one of its moments: a new life begins

 private:
  std::string uuid_;
  std::int64_t life_;
  std::int64_t writes_ = 0;
  std::int64_t since_ms_;
  std::int64_t restores_ = 0;
  std::deque<Moment> moments_;
  std::size_t bytes_ = 0;
};

}  // namespace mg::fake::d1
