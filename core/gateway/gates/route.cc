#include "core/gateway/gates/gates.h"
#include "core/gateway/refusal.h"

namespace mg {
namespace {

Where WhereOf(const Exchange& exchange, const Settings& settings) {
  if (exchange.listener == Listener::kInternal) return Where::kInternal;
  return exchange.host.name == settings.operator_host ? Where::kOperatorHost : Where::kTenantHost;
}

}  // namespace

std::optional<Response> RouteGate(Exchange& exchange, Services& services) {
  const Request& request = exchange.request;
  RouteMatch match =
      MatchRoute(WhereOf(exchange, services.settings), request.method, request.Path());
  if (match.route == nullptr && match.path_known) {
    Response refusal = Refuse(exchange, Refusal::kMethodNotAllowed);
    refusal.headers.Set("allow", match.allowed_methods);
    return refusal;
  }
  if (match.route == nullptr) return Refuse(exchange, Refusal::kNotFound);
  exchange.route = match.route;
  exchange.captures = std::move(match.captures);
  return std::nullopt;
}

}  // namespace mg
