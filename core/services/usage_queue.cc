#include "core/services/usage_queue.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "core/services/usage_outbox.h"

namespace mg {
namespace {

// What one file holds, and what is read at once after an outage: about 1 MB.
constexpr std::size_t kRowsPerSegment = 5'000;

void Append(std::deque<std::string>& rows, std::vector<std::string>& more, std::size_t count) {
  std::move(more.begin(), more.begin() + static_cast<std::ptrdiff_t>(count),
            std::back_inserter(rows));
}

}  // namespace

UsageSegment* UsageQueue::Open() {
  if (open_ != nullptr && open_->waiting >= kRowsPerSegment) Close(*open_);
  return open_;
}

UsageSegment& UsageQueue::Begin(std::string file, std::int64_t begun_ms, bool open) {
  UsageSegment& segment = segments_.emplace_back();
  segment.spilled = !file.empty() && copies_ >= max_rows_;
  segment.file = std::move(file);
  segment.begun_ms = begun_ms;
  segment.open = open;
  if (open) open_ = &segment;
  return segment;
}

void UsageQueue::Add(UsageSegment& segment, std::vector<std::string> rows) {
  segment.waiting += rows.size();
  if (segment.spilled) return;
  copies_ += rows.size();
  Append(segment.rows, rows, rows.size());
}

std::size_t UsageQueue::AddInMemory(std::vector<std::string> rows) {
  const std::size_t kept = std::min(rows.size(), max_rows_ - in_memory_alone_);
  if (kept > 0) {
    UsageSegment& segment = !segments_.empty() && segments_.back().file.empty()
                                ? segments_.back()
                                : Begin("", CreatedAtMs(rows.front()), false);
    segment.waiting += kept;
    in_memory_alone_ += kept;
    Append(segment.rows, rows, kept);
  }
  return rows.size() - kept;
}

UsageSegment* UsageQueue::Next() {
  const auto next = std::find_if(
      segments_.begin(), segments_.end(),
      [](const UsageSegment& segment) { return segment.waiting > 0 || !segment.open; });
  return next == segments_.end() ? nullptr : &*next;
}

void UsageQueue::Close(UsageSegment& segment) {
  segment.open = false;
  if (open_ == &segment) open_ = nullptr;
}

void UsageQueue::Reread(UsageSegment& segment, std::vector<std::string> rows) {
  segment.waiting = rows.size();
  Append(segment.rows, rows, rows.size());
}

void UsageQueue::Delivered(UsageSegment& segment, std::size_t rows) {
  segment.waiting -= rows;
  segment.rows.erase(segment.rows.begin(),
                     segment.rows.begin() + static_cast<std::ptrdiff_t>(rows));
  if (segment.file.empty()) {
    in_memory_alone_ -= rows;
  } else if (!segment.spilled) {
    copies_ -= rows;
  }
}

void UsageQueue::Drop(UsageSegment& segment) {
  segments_.remove_if([&](const UsageSegment& other) { return &other == &segment; });
}

std::size_t UsageQueue::Waiting() const {
  std::size_t rows = 0;
  for (const UsageSegment& segment : segments_) rows += segment.waiting;
  return rows;
}

std::int64_t UsageQueue::OldestMs() const {
  for (const UsageSegment& segment : segments_)
    if (segment.waiting > 0) return segment.begun_ms;
  return 0;
}

}  // namespace mg
