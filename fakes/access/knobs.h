// What the Access fake can be told (wire/access-edge-sandbox.md 1.16 and 7), and its JSON form for
// scenarios, the control API and the command line: {"enforce": true, "clock_offset": "-2m"}.
//
// Durations are texts ("24h"); `clock_offset` alone may begin with '-'.
#pragma once
#include <string>
#include <vector>

#include "core/base/json_fwd.h"
#include "core/base/result.h"
#include "core/ports/runtime.h"

namespace mg::fake {

struct AccessKnobs {
  // Off: the edge translates credentials and refuses nobody, so that the gateway's own verdict
  // shows. `up` and `exec` switch it on.
  bool enforce = false;
  bool strict_service_tokens = true;  // of organisations made since 2026-10-05
  bool preserve_query = true;         // UNCONFIRMED; false: the login loses ?query
  bool managed_oauth = false;         // 401 with WWW-Authenticate for who is no browser
  bool worker_attached = false;       // the application hangs on a Worker: no WebSocket passes
  bool omit_nbf = false;
  bool aud_as_string = false;
  bool cookie_only = false;      // the origin gets the cookie without the assertion
  bool header_only = false;      // and the other way round
  bool email_header = true;      // Cf-Access-Authenticated-User-Email, UNCONFIRMED
  bool policy_id_claim = false;  // UNCONFIRMED
  Nanos session_duration = std::chrono::hours(24);        // of the organisation
  Nanos clock_offset = Nanos::zero();                     // Access's clock against everybody's
  Nanos rotation_grace = std::chrono::hours(7 * 24);      // how long a former key is listed
  Nanos rotation_interval = std::chrono::hours(42 * 24);  // six weeks
};

// Changes what `json` names and leaves the rest. Errors: kInvalid, naming the knob; `knobs` is
// unchanged then.
Status SetAccessKnobs(const Json& json, AccessKnobs& knobs);
Json AccessKnobsToJson(const AccessKnobs& knobs);  // all of them; SetAccessKnobs reads it

// For who describes or checks a format.
struct AccessKnobInfo {
  const char* name;
  const char* about;
  bool is_duration;  // else true or false
};
std::vector<AccessKnobInfo> AccessKnobTable();

}  // namespace mg::fake
