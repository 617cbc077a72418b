#include "fakes/ai/stream.h"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <utility>

namespace mg::fake {
namespace {

class Paced final : public BodyStream {
 public:
  Paced(std::vector<AiFrame> frames, Nanos first_wait, std::unique_ptr<AiPace> pace,
        Runtime& runtime, CancelToken& caller_gone)
      : frames_(std::move(frames)),
        first_wait_(first_wait),
        pace_(std::move(pace)),
        runtime_(runtime),
        caller_gone_(caller_gone) {}

  Result<std::string> Next(Instant deadline) override {
    if (failure_) return *failure_;
    if (at_ == frames_.size()) {
      pace_.reset();
      return std::string();
    }
    AiFrame& frame = frames_[at_];
    if (!due_is_known_) due_ = NextDue(frame.tokens);
    due_is_known_ = true;
    if (!WaitUntil(std::min(due_, deadline))) return Fail(Code::kCancelled, "the caller went away");
    if (runtime_.Now() < due_) return Fail(Code::kUnknownOutcome, "the stream stopped coming");
    due_is_known_ = false;
    ++at_;
    return std::move(frame.bytes);
  }

 private:
  // The first token is due with the first frame.
  Instant NextDue(std::int64_t tokens) {
    const Instant before = at_ == 0 ? runtime_.Now() + first_wait_ : due_;
    if (tokens == 0) return before;
    return before + pace_->Tokens(std::exchange(spoken_, true) ? tokens : tokens - 1);
  }
  bool WaitUntil(Instant t) {
    if (runtime_.Now() >= t) return !caller_gone_.cancelled();
    return SleepUnlessCancelled(runtime_, t, caller_gone_);
  }
  Error Fail(Code code, const char* why) {
    pace_.reset();
    failure_ = Error{code, why, code != Code::kCancelled};
    return *failure_;
  }

  std::vector<AiFrame> frames_;
  std::size_t at_ = 0;
  const Nanos first_wait_;
  Instant due_;
  bool due_is_known_ = false;
  bool spoken_ = false;
  std::unique_ptr<AiPace> pace_;  // null once the answer is over
  Runtime& runtime_;
  CancelToken& caller_gone_;
  std::optional<Error> failure_;
};

}  // namespace

std::shared_ptr<BodyStream> PacedStream(std::vector<AiFrame> frames, Nanos first_wait,
                                        std::unique_ptr<AiPace> pace, Runtime& runtime,
                                        CancelToken& caller_gone) {
  return std::make_shared<Paced>(std::move(frames), first_wait, std::move(pace), runtime,
                                 caller_gone);
}

}  // namespace mg::fake
