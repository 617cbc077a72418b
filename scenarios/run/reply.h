// What came back to a client: the answer as it was read, and the same as values to match.
#pragma once
#include <optional>
#include <string>

#include "core/base/json_fwd.h"
#include "core/base/result.h"
#include "core/http/headers.h"
#include "core/ports/runtime.h"
#include "scenarios/run/target.h"

namespace mg::scenario {

struct Reply {
  int status = 0;      // 0: no answer
  std::string error;   // "timeout", "reset", "unreachable", "cut", "left"; empty: all of it came
  Status sent = Ok();  // an error: the target would not send it, which no scenario expects
  Headers headers;
  std::string body;  // as far as it came
  Instant began;
  Nanos took = Nanos::zero();
  // Since `began`: when the head was here, and the first piece of the body, if one came.
  Nanos head_after = Nanos::zero();
  std::optional<Nanos> first_byte_after;
  Nanos longest_gap = Nanos::zero();  // that the body paused, its end included

  bool admitted() const { return status != 0 && status != 429; }
  bool is_event_stream() const;
};

// Sends it and reads the answer as the call says. What the client sees of a broken connection is in
// the reply.
Reply Exchange(Target& target, ClientCall call);
// The same over a transport, to the call's own origin.
Reply Exchange(Transport& transport, Runtime& runtime, ClientCall call);

// {"status", "headers" (names in lower case), "json" (when the body is JSON), "text", "took",
// "error"}; of an event stream also {"frames" (the data of each event: its JSON, else its text),
// "head_after", "first_byte_after", "longest_gap"}
Json ReplyJson(const Reply& reply);

// "status", "header:<name>", "json:/pointer", "text", "rows:/pointer" of such a value.
// Errors: kNotFound, saying what is there instead.
Result<Json> Captured(const std::string& what, const Json& value);

}  // namespace mg::scenario
