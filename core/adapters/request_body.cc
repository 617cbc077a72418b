#include "core/adapters/request_body.h"

#include <poll.h>

#include <algorithm>
#include <utility>

#include "core/adapters/socket_io.h"

namespace mg {
namespace {

constexpr std::size_t kReadBytes = 64 * 1024;

}  // namespace

RequestBody::RequestBody(std::shared_ptr<Caller> caller, const wire::RequestHead& head,
                         const wire::Limits& limits, Nanos patience, const Runtime& runtime)
    : caller_(std::move(caller)),
      decoder_(head.framing, head.content_length, limits),
      continue_expected_(head.expects_continue),
      patience_(patience),
      runtime_(runtime) {}

Result<std::string> RequestBody::Next(Instant deadline) {
  std::string out;
  if (decoder_.done()) return out;
  if (failed_ || !caller_) return Fail(Code::kCancelled, "the request is over");
  while (true) {
    if (!Decode(out)) return Fail(Code::kCorrupt, "the request's body is malformed");
    if (!out.empty() || decoder_.done()) return out;
    MG_RETURN_IF_ERROR(AskToContinue());
    MG_RETURN_IF_ERROR(Receive(deadline));
  }
}

bool RequestBody::Decode(std::string& out) {
  std::string& input = caller_->input;
  const std::size_t taken = decoder_.Decode(input, out);
  if (taken == input.size()) {
    input.clear();
  } else {
    input.erase(0, taken);
  }
  return !decoder_.malformed();
}

Status RequestBody::AskToContinue() {
  if (!std::exchange(continue_expected_, false)) return Ok();
  constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
  if (caller_->io().SendAll(kContinue, {}, patience_, runtime_) == Sent::kAll) return Ok();
  return Fail(Code::kCancelled, "the caller hung up");
}

// Waits for bytes, and leaves them in the caller's input.
Status RequestBody::Receive(Instant deadline) {
  const Instant latest = std::min(deadline, runtime_.Now() + patience_);
  while (true) {
    switch (caller_->io().Receive(kReadBytes, caller_->input)) {
      case Got::kBytes:
        return Ok();
      case Got::kNothing:
        break;
      case Got::kEnd:
      case Got::kBroken:
        return Fail(Code::kCancelled, "the caller hung up within its body");
    }
    if (WaitReady(caller_->fd(), POLLIN, latest, runtime_) == 0) {
      return Fail(Code::kTimeout, "the request's body stopped coming");
    }
  }
}

Error RequestBody::Fail(Code code, std::string message) {
  failed_ = true;
  return Error{code, std::move(message)};
}

}  // namespace mg
