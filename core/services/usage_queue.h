// Rows on their way from Usage's memory to D1: segments, oldest first. Rows of a segment are kept
// in memory as well while there is room, so that a file is read again only after a long outage.
//
// Thread-safety: none; Usage's lock guards it. A segment stays where it is until it is dropped.
#pragma once
#include <cstddef>
#include <cstdint>
#include <deque>
#include <list>
#include <string>
#include <vector>

namespace mg {

struct UsageSegment {
  std::string file;              // of the outbox; empty: its rows are in memory alone
  std::int64_t begun_ms = 0;     // when its first row was made
  std::size_t waiting = 0;       // rows that D1 has not taken
  std::deque<std::string> rows;  // the waiting ones, unless spilled
  bool spilled = false;          // they have to be read from the file
  bool open = false;             // more rows may come
};

class UsageQueue {
 public:
  explicit UsageQueue(std::size_t max_rows_in_memory) : max_rows_(max_rows_in_memory) {}

  UsageSegment* Open();  // the one that takes more rows, or null
  UsageSegment& Begin(std::string file, std::int64_t begun_ms, bool open);
  void Add(UsageSegment& segment, std::vector<std::string> rows);  // its file has them
  // For want of a disk; returns how many of the last ones found no room.
  std::size_t AddInMemory(std::vector<std::string> rows);

  UsageSegment* Next();  // the oldest that has rows, or will have no more; or null
  void Close(UsageSegment& segment);
  void Reread(UsageSegment& segment, std::vector<std::string> rows);
  void Delivered(UsageSegment& segment, std::size_t rows);  // its first ones
  void Drop(UsageSegment& segment);

  std::size_t Waiting() const;
  std::int64_t OldestMs()
      const;  // when the first waiting row was made, or a little before; 0: none

 private:
  const std::size_t max_rows_;
  std::list<UsageSegment> segments_;
  UsageSegment* open_ = nullptr;
  std::size_t copies_ = 0;  // of rows that a file has as well
  std::size_t in_memory_alone_ = 0;
};

}  // namespace mg
