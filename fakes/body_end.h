// What happens when the body of an answer is over: for a stream that is later than its answer.
#pragma once
#include <cstddef>
#include <functional>
#include <optional>
#include <string>

#include "core/http/message.h"

namespace mg::fake {

struct BodyEnd {
  bool whole = false;          // it came to its end
  std::optional<Error> error;  // that broke it; neither: nobody wanted the rest
  std::string bytes;           // the first of them, as many as were to be kept
};

// Calls `ended` once: at once for a body of bytes; for a stream from its reader's task, when that
// has read its end or an error, or lets go of it. It must neither wait nor throw.
void WhenBodyEnds(Response& response, std::size_t keep_bytes,
                  std::function<void(const BodyEnd& end)> ended);

}  // namespace mg::fake
