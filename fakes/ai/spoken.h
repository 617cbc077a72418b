// An answer that another server is saying, as a stream of this one.
//
// Errors of Next: those of the other server's stream. Ownership: `random` outlives it.
#pragma once
#include <functional>
#include <memory>

#include "core/ports/random.h"
#include "core/ports/transport.h"
#include "fakes/ai/frames.h"
#include "fakes/ai/reply.h"

namespace mg::fake {

// `said` is called with the whole answer, once.
std::shared_ptr<BodyStream> SpokenStream(std::shared_ptr<SpokenAnswer> spoken,
                                         StreamVariant variant, const AiVoice& voice,
                                         Random& random,
                                         std::function<void(const ModelAnswer&)> said);

}  // namespace mg::fake
