#include "scenarios/sim/sim_pipe.h"

#include <algorithm>
#include <utility>

namespace mg::sim {
namespace {

constexpr std::size_t kRoomBytes = 64 * 1024;

}  // namespace

SimPipe::SimPipe(SimRuntime& runtime, Nanos one_way)
    : runtime_(runtime), one_way_(one_way), changed_(runtime.MakeCondVar()) {}

bool SimPipe::Send(std::string piece) {
  Lock lock(mutex_);
  while (!cut_ && bytes_ >= kRoomBytes) changed_->WaitUntil(lock, kNever);
  if (cut_) return false;
  bytes_ += piece.size();
  pieces_.push_back({std::move(piece), runtime_.Now() + one_way_});
  changed_->NotifyAll();
  return true;
}

void SimPipe::Finish(std::optional<Error> error) {
  const Lock lock(mutex_);
  if (cut_) return;
  end_arrives_ = runtime_.Now() + one_way_;
  error_ = std::move(error);
  changed_->NotifyAll();
}

bool SimPipe::HasArrived() const {
  const Instant now = runtime_.Now();
  if (!pieces_.empty()) return pieces_.front().arrives <= now;
  return end_arrives_ && *end_arrives_ <= now;
}

Result<std::string> SimPipe::Receive(Instant deadline) {
  Lock lock(mutex_);
  while (!cut_ && !HasArrived() && runtime_.Now() < deadline) {
    Instant until = deadline;
    if (!pieces_.empty()) until = std::min(until, pieces_.front().arrives);
    if (pieces_.empty() && end_arrives_) until = std::min(until, *end_arrives_);
    changed_->WaitUntil(lock, until);
  }
  if (!cut_ && !HasArrived()) {
    cut_ = true;
    error_ = Error{Code::kUnknownOutcome, "the answer stopped coming"};
    changed_->NotifyAll();
  }
  if (cut_) return *error_;
  if (pieces_.empty()) {
    if (error_) return *error_;
    return std::string();
  }
  std::string bytes = std::move(pieces_.front().bytes);
  pieces_.pop_front();
  bytes_ -= bytes.size();
  changed_->NotifyAll();
  return bytes;
}

void SimPipe::Cut(Error why) {
  const Lock lock(mutex_);
  if (cut_) return;
  cut_ = true;
  error_ = std::move(why);
  changed_->NotifyAll();
}

}  // namespace mg::sim
