// Transport: one HTTP request out, one answer back, over whatever world this is.
//
// Thread-safety: Send and Upgrade from any task; a BodyStream or Duplex from one task at a time.
// Errors: kUnavailable (never arrived; safe to repeat), kTimeout (deadline passed before it was
// sent),
//   kUnknownOutcome (sent, but no whole answer: timeout, reset, truncated), kCancelled, kCorrupt
//   (the answer is not HTTP). A status of 400 or 500 is an answer, not an error.
#pragma once
#include <memory>
#include <string>
#include <string_view>

#include "core/base/result.h"
#include "core/ports/cancel.h"
#include "core/ports/runtime.h"

namespace mg {

struct Request;
struct Response;

// A body that arrives piece by piece.
class BodyStream {
 public:
  virtual ~BodyStream() = default;
  // The next bytes, as soon as there are any; empty at the end. After an error, only errors.
  virtual Result<std::string> Next(Instant deadline) = 0;
};

struct Deadlines {
  Instant first_byte = kNever;          // of the answer's head
  Nanos between_chunks = Nanos::max();  // of the answer's body; measured from the chunk before
  Instant total = kNever;               // of everything, body included
};

// Bytes both ways after a 101 answer.
class Duplex {
 public:
  virtual ~Duplex() = default;
  virtual Result<std::string> Read(Instant deadline) = 0;  // empty when the peer has finished
  virtual Status Write(std::string_view bytes) = 0;
  virtual void Close() = 0;
};

struct Upgraded;  // http/message.h: the 101 answer and its Duplex

class Transport {
 public:
  virtual ~Transport() = default;
  // The head has arrived when this returns; the body may still stream. Reading it obeys
  // `deadlines`.
  virtual Result<Response> Send(const Request& request, const Deadlines& deadlines,
                                CancelToken& cancel) = 0;
  // Any answer but 101 comes back as Upgraded with no duplex.
  virtual Result<Upgraded> Upgrade(const Request& request, const Deadlines& deadlines,
                                   CancelToken& cancel) = 0;
};

}  // namespace mg
