// The edge's own error answers: HTML, an RFC 9457 object, markdown or plain text, by Accept
// (wire/access-edge-sandbox.md 2.4).
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "core/http/message.h"
#include "core/ports/runtime.h"
#include "fakes/edge/errors.h"

namespace mg::fake {

struct ErrorContext {
  std::string_view accept;  // the request's; empty: HTML
  std::string_view ray;     // without the place
  std::string_view zone;    // the host asked for
  WallTime now;
  std::int64_t retry_after_seconds = 0;  // over the error's own; 0: that
};

Response ErrorPage(const EdgeError& error, const ErrorContext& context);

// Before a request belongs to any site: nginx's short page, whatever Accept says.
Response BarePage(int status);

// A challenge is always a page: an API client cannot solve it.
Response ChallengePage(const ErrorContext& context);

}  // namespace mg::fake
