// One request on its way through the gates: what each gate learned, and what settling it needs.
//
// Ownership: lives on the stack of Gateway::Handle; references outlive it.
#pragma once
#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/json_fwd.h"
#include "core/http/host.h"
#include "core/http/message.h"
#include "core/services/access_verifier.h"
#include "core/services/in_flight.h"
#include "core/services/limiter.h"
#include "core/services/models.h"
#include "core/services/tenants.h"

namespace mg {

struct Route;

enum class Listener { kPublic, kInternal };

// What a model call left behind, for settling.
struct ModelTrace {
  std::string model;
  int step = 0;
  int attempts = 0;
  std::string_view outcome;                   // for the metrics; a stream's is known at its end
  std::string cause;                          // of a failure; log only
  bool billed = false;                        // one row is owed, when there is usage (USG-1)
  std::optional<TokenCounts> usage;           // of a whole answer
  std::shared_ptr<const ModelStream> stream;  // of a streamed one
};

struct Exchange {
  Exchange(Request& request_in, const Peer& peer_in, CancelToken& caller_gone_in,
           Listener listener_in)
      : request(request_in), peer(peer_in), caller_gone(caller_gone_in), listener(listener_in) {}

  Request& request;
  const Peer& peer;
  CancelToken& caller_gone;
  const Listener listener;

  Instant began;
  std::string request_id;
  std::string client_address;     // LIM-5
  std::string client_budget_key;  // the address, an IPv6 one by its /64
  bool from_browser = false;      // GET or HEAD that accepts text/html

  HostName host;                                                   // host gate
  const Route* route = nullptr;                                    // route gate
  std::vector<std::pair<std::string_view, std::string>> captures;  // route gate: "{slug}" -> "acme"
  std::shared_ptr<const Tenant> tenant;                            // tenant or sandbox gate
  InFlight::Slot slot;                                             // sandbox or share gate
  std::optional<Identity> identity;                                // access gate
  bool is_operator = false;                                        // access gate
  std::string key_id;                                              // key gate
  std::int64_t key_limit_per_minute = 0;                           // key gate
  std::shared_ptr<const Json> json;                                // body gate: an object

  std::optional<Allowance> allowance;      // the tightest limit met so far (LIM-3)
  std::optional<ModelTrace> model;         // answer
  bool answered_by_agent = false;          // answer: it is the agent's own
  std::string_view stopped_by = "answer";  // the gate that answered

  std::string_view Capture(std::string_view name) const {
    for (const auto& capture : captures)
      if (capture.first == name) return capture.second;
    return {};
  }
};

}  // namespace mg
