// One call of Cloudflare's v4 REST API: sent, its answer read whole within a bound, its failures
// turned into Errors (wire/storage.md 1).
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/base/json_fwd.h"
#include "core/base/result.h"
#include "core/http/message.h"
#include "core/ports/transport.h"

namespace mg {

struct V4Call {
  std::string_view what;  // starts every error's message: "KV get"
  std::string_view method;
  std::string_view api_base;      // "https://api.cloudflare.com/client/v4"
  std::string_view path;          // below api_base, encoded, with query: "/accounts/..."
  std::string_view api_token;     // goes into the request and nowhere else
  std::string_view content_type;  // empty: none
  std::string body;
  std::int64_t limit_ms = 0;  // for the whole call
  std::size_t answer_limit_bytes = 0;
};

// Any whole answer, whatever its status; its body is bytes.
// Errors: as Transport; kCorrupt when the answer is longer than the limit.
Result<Response> SendV4(Transport& transport, Runtime& runtime, V4Call call, CancelToken& cancel);

struct V4Failure {
  std::int64_t code = 0;  // the first of `errors`; 0 when there is none
  std::string message;    // its text, shortened; empty when there is none
};
V4Failure ReadV4Failure(std::string_view body);

// The Error for an answer that is not a success: kUnauthenticated, kDenied, kNotFound, kExhausted
// and kUnavailable (both retryable), kInvalid, or kCorrupt for what no v4 API answers.
Error V4ErrorFor(std::string_view what, int status, const V4Failure& failure);

// The envelope's `result`. Errors: kCorrupt when there is no success in it.
Result<Json> ReadV4Result(std::string_view what, std::string_view body);

}  // namespace mg
