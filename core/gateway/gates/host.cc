#include "core/gateway/gates/gates.h"
#include "core/gateway/refusal.h"

namespace mg {

// TEN-1, TEN-9. Health answers on any host, so that a probe by address works.
std::optional<Response> HostGate(Exchange& exchange, Services&) {
  if (exchange.listener == Listener::kInternal || exchange.request.Path() == "/sandbox-health") {
    return std::nullopt;
  }
  auto host = ParseHost(exchange.request.headers.Get("host"));
  if (!host) return Refuse(exchange, Refusal::kBadHost);
  exchange.host = std::move(*host);
  return std::nullopt;
}

}  // namespace mg
