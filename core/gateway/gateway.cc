#include "core/gateway/gateway.h"

#include "core/base/bytes.h"
#include "core/base/ip_address.h"
#include "core/gateway/client_address.h"
#include "core/gateway/gates/gates.h"
#include "core/gateway/settle.h"

namespace mg {
namespace {

struct Gate {
  std::string_view name;
  std::optional<Response> (*apply)(Exchange&, Services&);
};

// Cheap refusals first; nothing is looked up before the failure budget, nothing is counted against
// a tenant before it is known, no body is read before the caller may send one.
constexpr Gate kGates[] = {
    {"start", StartGate},        // 503: startup_gate=respond, whatever is asked (BND-1)
    {"host", HostGate},          // 400: a host that cannot be one; syntax only
    {"route", RouteGate},        // 404 405: says what the gates below need
    {"bindings", BindingsGate},  // 503: what this route needs is not configured
    {"abuse", AbuseGate},        // 429: guessing costs no storage call (LIM-9)
    {"sandbox", SandboxGate},    // 401: an agent's token names its tenant
    {"tenant", TenantGate},      // 404 503: the host names the tenant
    {"share", ShareGate},        // 503: the workers that are left are for others (LIM-8)
    {"address", AddressGate},    // 429: per tenant and client address (LIM-1)
    {"access", AccessGate},      // 302 403 503: who is it (ACC)
    {"member", MemberGate},      // 403: does this tenant know them (ACC-8)
    {"key", KeyGate},            // 401: a key of this tenant (KEY)
    {"quota", QuotaGate},        // 429: tenant and key together (LIM-2)
    {"body", BodyGate},          // 413 415 400: read only now
};

bool FromBrowser(const Request& request) {
  return (request.method == "GET" || request.method == "HEAD") &&
         request.headers.Get("accept").find("text/html") != std::string_view::npos;
}

}  // namespace

Gateway::Gateway(Services services)
    : services_(services), request_id_prefix_(HexEncode(services.random.Bytes(6)) + "-") {}

Response Gateway::Handle(Listener listener, Request& request, const Peer& peer,
                         CancelToken& caller_gone) {
  Exchange exchange(request, peer, caller_gone, listener);
  exchange.began = services_.runtime.Now();
  exchange.request_id = request_id_prefix_ + std::to_string(++request_count_);
  exchange.client_address = ClientAddress(request, peer, services_.settings.trusted_edge_cidrs);
  exchange.client_budget_key = ClientNetwork(exchange.client_address);
  exchange.from_browser = FromBrowser(request);

  std::optional<Response> response;
  for (const Gate& gate : kGates) {
    response = gate.apply(exchange, services_);
    if (!response) continue;
    exchange.stopped_by = gate.name;
    break;
  }
  if (!response) response = exchange.route->answer(exchange, services_);
  Settle(exchange, services_, *response);
  response->held = std::move(exchange.slot);
  return std::move(*response);
}

}  // namespace mg
