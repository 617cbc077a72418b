#include "core/adapters/client_body.h"

#include <algorithm>
#include <utility>

namespace mg {

void PoolPlace::Return(std::unique_ptr<ClientSocket> socket, bool leftover) const {
  socket->ForgetCancel();  // first: afterwards nobody can hang up any more
  if (!reusable || leftover || socket->hung_up()) return;
  pool->Put(origin, std::move(socket));
}

ClientBody::ClientBody(std::unique_ptr<ClientSocket> socket, wire::BodyDecoder decoder,
                       std::string ready, const Deadlines& deadlines, PoolPlace place)
    : socket_(std::move(socket)),
      decoder_(std::move(decoder)),
      ready_(std::move(ready)),
      deadlines_(deadlines),
      place_(std::move(place)),
      last_chunk_(place_.pool->runtime().Now()) {}

Result<std::string> ClientBody::Next(Instant deadline) {
  if (!ready_.empty()) return std::exchange(ready_, {});
  while (socket_) {
    MG_RETURN_IF_ERROR(Receive(deadline));
    if (!ready_.empty()) {
      last_chunk_ = place_.pool->runtime().Now();
      return std::exchange(ready_, {});
    }
  }
  if (ended_) return std::string();
  return failure_;
}

// What is there is taken before a deadline counts: a slow reader is not the sender's fault.
Status ClientBody::Receive(Instant deadline) {
  const Instant latest =
      std::min({deadline, deadlines_.total, last_chunk_ + deadlines_.between_chunks});
  std::string bytes;
  const Got got = socket_->Receive(latest, bytes);
  if (socket_->hung_up()) return Fail(Code::kCancelled, "cancelled within the answer");
  switch (got) {
    case Got::kBytes:
      return Decode(bytes);
    case Got::kNothing:
      return Fail(Code::kUnknownOutcome, "the answer stopped coming");
    case Got::kEnd:
      if (!decoder_.EndOfInput()) break;
      ended_ = true;
      socket_.reset();
      return Ok();
    case Got::kBroken:
      break;
  }
  return Fail(Code::kUnknownOutcome, "the answer was cut (truncated)");
}

Status ClientBody::Decode(std::string_view bytes) {
  const std::size_t taken = decoder_.Decode(bytes, ready_);
  if (decoder_.malformed()) return Fail(Code::kCorrupt, "the answer's body is malformed");
  if (decoder_.done()) {
    ended_ = true;
    place_.Return(std::move(socket_), taken < bytes.size());
  }
  return Ok();
}

Error ClientBody::Fail(Code code, std::string_view message) {
  socket_.reset();
  ready_.clear();
  failure_ = Error{code, std::string(message)};
  return failure_;
}

}  // namespace mg
