#include "core/base/bytes.h"
#include "core/base/json.h"
#include "core/gateway/routes/admin_support.h"
#include "core/gateway/routes/routes.h"

namespace mg {
namespace {

constexpr std::size_t kAuditRows = 200;

Json ToJson(const SandboxView& view) {
  Json json{{"status", SandboxStateName(view.state)}};
  json["process_id"] = view.process_id == 0 ? Json(nullptr) : Json(view.process_id);
  json["error"] = view.error.empty() ? Json(nullptr) : Json(view.error);
  if (!view.last_output.empty()) json["last_output"] = view.last_output;
  return json;
}

Result<std::int64_t> TimeOf(const Request& request, std::string_view name) {
  const auto text = QueryValue(request.Query(), name);
  if (!text || text->empty()) return std::int64_t{0};
  const auto value = ParseUint(*text);
  if (!value || *value > 9'007'199'254'740'991U) {
    return Error{Code::kInvalid, "\"" + std::string(name) + "\" must be epoch milliseconds."};
  }
  return static_cast<std::int64_t>(*value);
}

Result<UsageFilter> ReadFilter(const Request& request) {
  MG_TRY(from, TimeOf(request, "from"));
  MG_TRY(to, TimeOf(request, "to"));
  return UsageFilter{QueryValue(request.Query(), "tenant").value_or(""),
                     QueryValue(request.Query(), "model").value_or(""), from, to};
}

}  // namespace

Response AdminSandbox(Exchange& exchange, Services& services) {
  auto tenant = PathTenant(exchange, services);
  if (!tenant) return AdminError(exchange, services, tenant.error());
  Json body = ToJson(services.sandboxes.View(tenant->sandbox_id));
  body["sandbox_id"] = tenant->sandbox_id;
  return AdminItem(200, body);
}

Response AdminSandboxAction(Exchange& exchange, Services& services) {
  auto tenant = PathTenant(exchange, services);
  if (!tenant) return AdminError(exchange, services, tenant.error());
  const std::string_view action = exchange.Capture("action");
  if (action == "backup") return Refuse(exchange, Refusal::kNotBuilt);
  if (action != "start" && action != "stop" && action != "restart") {
    return Refuse(exchange, Refusal::kNotFound, "The actions are start, stop, restart and backup.");
  }
  const std::string_view before =
      SandboxStateName(services.sandboxes.View(tenant->sandbox_id).state);
  const Status recorded = services.registry->RecordSandboxAction(
      tenant->slug, action, before, Actor(exchange), exchange.caller_gone);
  if (!recorded) return AdminError(exchange, services, recorded.error());
  if (action != "start") {
    const Status stopped = services.sandboxes.Stop(tenant->sandbox_id);
    if (!stopped) return Refuse(exchange, Refusal::kSandboxUnavailable, stopped.error().message);
  }
  if (action == "stop") return AdminItem(200, ToJson(services.sandboxes.View(tenant->sandbox_id)));
  auto view = services.sandboxes.EnsureRunning(*tenant, exchange.caller_gone);
  if (!view) return Refuse(exchange, Refusal::kSandboxUnavailable, view.error().message);
  return AdminItem(200, ToJson(*view));
}

Response AdminSandboxLogs(Exchange& exchange, Services& services) {
  auto tenant = PathTenant(exchange, services);
  if (!tenant) return AdminError(exchange, services, tenant.error());
  return AdminItem(200, {{"lines", services.sandboxes.Logs(tenant->sandbox_id)}});
}

// USG-6
Response AdminUsage(Exchange& exchange, Services& services) {
  auto filter = ReadFilter(exchange.request);
  if (!filter) return AdminError(exchange, services, filter.error());
  auto sums = services.registry->SumUsage(*filter, exchange.caller_gone);
  if (!sums) return AdminError(exchange, services, sums.error());
  Json items = Json::array();
  for (const UsageSum& sum : *sums) {
    items.push_back({{"tenant", sum.tenant_slug},
                     {"model", sum.model},
                     {"requests", sum.requests},
                     {"tokens_in", sum.tokens_in},
                     {"tokens_out", sum.tokens_out}});
  }
  return AdminList(std::move(items));
}

Response AdminAudit(Exchange& exchange, Services& services) {
  auto rows = services.registry->ListAudit(kAuditRows, exchange.caller_gone);
  if (!rows) return AdminError(exchange, services, rows.error());
  Json items = Json::array();
  for (const AuditRecord& row : *rows) {
    items.push_back({{"id", row.id},
                     {"at", row.at_ms},
                     {"actor", row.actor},
                     {"action", row.action},
                     {"subject", row.subject},
                     {"before", row.before},
                     {"after", row.after}});
  }
  return AdminList(std::move(items));
}

}  // namespace mg
