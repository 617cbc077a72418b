// A body that a test writes down: pieces, waits between them, and how it ends.
#pragma once
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/ports/runtime.h"
#include "core/ports/transport.h"

namespace mg::test {

struct StreamPiece {
  std::string bytes;
  Nanos after{0};  // the piece before
};

// Without an error the end is an orderly one. Whoever waits beyond its deadline gets
// kUnknownOutcome, as from a transport.
class ScriptedStream final : public BodyStream {
 public:
  ScriptedStream(Runtime& runtime, std::vector<StreamPiece> pieces,
                 std::optional<Error> error = std::nullopt)
      : runtime_(runtime),
        pieces_(std::make_move_iterator(pieces.begin()), std::make_move_iterator(pieces.end())),
        error_(std::move(error)) {}

  Result<std::string> Next(Instant deadline) override {
    ++asked;
    if (pieces_.empty()) {
      if (error_) return *error_;
      return std::string();
    }
    const Instant due = runtime_.Now() + pieces_.front().after;
    if (due > deadline) {
      runtime_.SleepUntil(deadline);
      return Error{Code::kUnknownOutcome, "the answer stopped coming"};
    }
    runtime_.SleepUntil(due);
    std::string bytes = std::move(pieces_.front().bytes);
    pieces_.pop_front();
    return bytes;
  }

  int asked = 0;

 private:
  Runtime& runtime_;
  std::deque<StreamPiece> pieces_;
  const std::optional<Error> error_;
};

// Everything to the end, and the error there.
struct ReadStream {
  std::string bytes;
  std::optional<Error> error;
};
inline ReadStream ReadToEnd(BodyStream& stream) {
  ReadStream read;
  for (;;) {
    auto piece = stream.Next(kNever);
    if (!piece) {
      read.error = piece.error();
      return read;
    }
    if (piece->empty()) return read;
    read.bytes += *piece;
  }
}

}  // namespace mg::test
