// A stream of frames in the time that a model takes for them.
//
// Errors of Next: kCancelled when the caller went, kUnknownOutcome when the next frame is not due
// before the deadline. Time: waits pass in the Runtime and end when the caller goes.
// Ownership: `runtime` and `caller_gone` outlive the reading.
#pragma once
#include <memory>
#include <vector>

#include "core/ports/cancel.h"
#include "core/ports/runtime.h"
#include "core/ports/transport.h"
#include "fakes/ai/frames.h"
#include "fakes/ai/pace.h"

namespace mg::fake {

// The first frame is due `first_wait` after reading begins; a slow reader finds later ones waiting.
std::shared_ptr<BodyStream> PacedStream(std::vector<AiFrame> frames, Nanos first_wait,
                                        std::unique_ptr<AiPace> pace, Runtime& runtime,
                                        CancelToken& caller_gone);

}  // namespace mg::fake
