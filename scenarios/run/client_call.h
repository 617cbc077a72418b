// What a `request` or `chat` step sends, and what came back, as values to match.
#pragma once
#include <optional>
#include <string>

#include "core/base/json_fwd.h"
#include "core/base/jsonc.h"
#include "core/base/result.h"
#include "core/http/message.h"
#include "scenarios/run/target.h"
#include "scenarios/run/values.h"

namespace mg::scenario {

// A call that still needs its Access token, which takes the target to make.
struct DraftedCall {
  ClientCall call;
  std::optional<fake::Mint> identity;
  std::string host;  // without port
};

// Errors: kInvalid, for a variable that is missing or has the wrong type.
Result<DraftedCall> DraftRequest(const JsoncNode& request, const Variables& variables,
                                 const Site& site);
Result<DraftedCall> DraftChat(const JsoncNode& chat, const Variables& variables, const Site& site);

struct Reply {
  int status = 0;      // 0: no answer
  std::string error;   // "timeout", "reset", "unreachable", "cut"; empty: the whole answer came
  Status sent = Ok();  // an error: the target would not send it, which no scenario expects
  Headers headers;
  std::string body;
  Instant began;
  Nanos took = Nanos::zero();

  bool admitted() const { return status != 0 && status != 429; }
};

// Sends it and reads the whole answer. What the client sees of a broken connection is in the reply.
Reply Exchange(Target& target, ClientCall call);

// {"status", "headers" (names in lower case), "json" (when the body is JSON), "text", "took",
// "error"}
Json ReplyJson(const Reply& reply);

// "status", "header:<name>", "json:/pointer", "text", "rows:/pointer" of such a value.
// Errors: kNotFound, saying what is there instead.
Result<Json> Captured(const std::string& what, const Json& value);

}  // namespace mg::scenario
