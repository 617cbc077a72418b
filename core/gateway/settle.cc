#include "core/gateway/settle.h"

#include <algorithm>

#include "core/gateway/gates/gates.h"

namespace mg {
namespace {

// LIM-9: what guessing looks like. An answer of the agent's or of a route is not a refusal.
bool IsChargedRefusal(const Exchange& exchange, int status) {
  const bool route_wants_it = exchange.route == nullptr || exchange.route->failure_budget;
  return route_wants_it && exchange.listener == Listener::kPublic &&
         exchange.stopped_by != "answer" &&
         (status == 400 || status == 401 || status == 403 || status == 404);
}

void SettleLimits(Exchange& exchange, Services& services, Response& response) {
  if (services.settings.limits.failure_budget_max > 0 && exchange.listener == Listener::kPublic) {
    const Budget budget = FailureBudget(exchange, services.settings);
    if (IsChargedRefusal(exchange, response.status)) services.address_limiter.Charge(budget);
    if (!exchange.allowance && (exchange.route == nullptr || exchange.route->failure_budget)) {
      exchange.allowance = services.address_limiter.Peek(budget);
    }
  }
  if (!exchange.allowance) return;
  response.headers.Set("x-ratelimit-limit", std::to_string(exchange.allowance->limit));
  response.headers.Set("x-ratelimit-remaining",
                       std::to_string(std::max<std::int64_t>(0, exchange.allowance->remaining)));
  response.headers.Set("x-ratelimit-reset", std::to_string(exchange.allowance->reset_seconds));
}

void WriteLogLine(const Exchange& exchange, Services& services, const Response& response,
                  std::string_view route, Nanos duration) {
  std::vector<LogField> fields{
      {"request_id", exchange.request_id},
      {"route", std::string(route)},
      {"method", exchange.request.method},
      {"status", std::int64_t{response.status}},
      {"duration_us",
       std::int64_t{std::chrono::duration_cast<std::chrono::microseconds>(duration).count()}},
      {"stopped_by", std::string(exchange.stopped_by)},
      {"client", exchange.client_address},
  };
  if (exchange.tenant) fields.push_back({"sandbox_id", exchange.tenant->sandbox_id});
  if (exchange.model) {
    fields.push_back({"model", exchange.model->model});
    fields.push_back({"step", std::int64_t{exchange.model->step}});
    fields.push_back({"attempts", std::int64_t{exchange.model->attempts}});
    if (!exchange.model->cause.empty()) fields.push_back({"cause", exchange.model->cause});
  }
  services.log.Write(LogLevel::kInfo, "request", std::move(fields));
}

}  // namespace

void Settle(Exchange& exchange, Services& services, Response& response) {
  SettleLimits(exchange, services, response);
  if (exchange.usage) services.usage.Record(*exchange.usage);
  const std::string_view route = exchange.route == nullptr ? "none" : exchange.route->name;
  const Nanos duration = services.runtime.Now() - exchange.began;
  services.metrics.CountRequest(route, response.status, exchange.stopped_by, duration);
  response.headers.Set("x-request-id", exchange.request_id);
  if (services.settings.dev_mode || services.settings.e2e_test_mode) {  // ACC-5
    response.headers.Set("x-moltgate-dev-mode", "true");
  }
  // For the journal of the edge in this process, which takes it off again.
  if (exchange.peer.via_trusted_edge) response.headers.Set("x-moltgate-route", route);
  WriteLogLine(exchange, services, response, route, duration);
}

}  // namespace mg
