// The body of a streamed answer on its way: what a connection is between the one who sends and the
// one who reads. Pieces take time to arrive; a reader that does not keep up stops the sender.
//
// Thread-safety: one sender, one reader, Cut from anywhere.
#pragma once
#include <cstddef>
#include <deque>
#include <memory>
#include <optional>
#include <string>

#include "core/ports/runtime.h"
#include "core/ports/transport.h"
#include "scenarios/sim/sim_runtime.h"

namespace mg::sim {

class SimPipe {
 public:
  SimPipe(SimRuntime& runtime, Nanos one_way);

  // Waits for room. False: nobody reads any more.
  bool Send(std::string piece);
  // The body is whole; or, with an error, it is not.
  void Finish(std::optional<Error> error);

  // Empty at the end. A deadline that passes cuts the pipe (kUnknownOutcome).
  Result<std::string> Receive(Instant deadline);
  // Neither side can use it any more; the reader gets `why`.
  void Cut(Error why);

 private:
  struct Piece {
    std::string bytes;
    Instant arrives;
  };

  bool HasArrived() const;

  SimRuntime& runtime_;
  const Nanos one_way_;
  Mutex mutex_;
  const std::unique_ptr<CondVar> changed_;
  std::deque<Piece> pieces_;
  std::size_t bytes_ = 0;
  std::optional<Instant> end_arrives_;
  std::optional<Error> error_;  // what the end is, when it is not the whole body's
  bool cut_ = false;
};

}  // namespace mg::sim
