#include "core/base/bytes.h"
#include "core/base/ids.h"
#include "core/gateway/gates/gates.h"
#include "core/gateway/gates/resolution.h"
#include "core/gateway/gates/share.h"

namespace mg {
namespace {

constexpr std::int64_t kRegistryRetryAfterSeconds = 5;

// TEN-2: in DEV_MODE alone, and only a slug; anything else is ignored with a warning.
std::string OverrideSlug(const Exchange& exchange, Services& services) {
  if (!services.settings.dev_mode) return {};
  const std::string_view value = exchange.request.headers.Get("x-tenant-override");
  if (value.empty()) return {};
  std::string slug = AsciiLower(value);
  if (IsSlug(slug)) return slug;
  services.log.Write(LogLevel::kWarn, "tenant_override_ignored",
                     {{"request_id", exchange.request_id}});
  return {};
}

}  // namespace

std::optional<Response> TakeResolution(Exchange& exchange, Services& services,
                                       Resolution resolution, Refusal unknown) {
  switch (resolution.outcome) {
    case Resolution::Outcome::kFound:
      exchange.tenant = std::move(resolution.tenant);
      return std::nullopt;
    case Resolution::Outcome::kUnknown:
      services.log.Write(LogLevel::kWarn, "resolution_failure",
                         {{"request_id", exchange.request_id},
                          {"host", exchange.host.name},
                          {"client", exchange.client_address}});
      return Refuse(exchange, unknown);
    case Resolution::Outcome::kUnavailable:
      return RefuseWithRetryAfter(exchange, Refusal::kRegistryUnavailable,
                                  kRegistryRetryAfterSeconds);
    case Resolution::Outcome::kRegistryMissing:
      return RefuseMissing(exchange, services.missing_bindings);
    case Resolution::Outcome::kIdentityMismatch:
      return Refuse(exchange, Refusal::kIdentityMismatch);
  }
  return Refuse(exchange, Refusal::kRegistryUnavailable);
}

std::optional<Response> TenantGate(Exchange& exchange, Services& services) {
  if (exchange.route->tenant != TenantFrom::kHost) return std::nullopt;
  const std::string slug = OverrideSlug(exchange, services);
  std::optional<Resolution> held =
      slug.empty() ? services.tenants.HeldByHost(exchange.host) : std::nullopt;
  if (held) return TakeResolution(exchange, services, *std::move(held), Refusal::kTenantNotFound);
  if (auto refused = TakeLookUpSlot(exchange, services)) return refused;
  Resolution resolution = slug.empty()
                              ? services.tenants.ByHost(exchange.host, exchange.caller_gone)
                              : services.tenants.BySlug(slug, exchange.caller_gone);
  return TakeResolution(exchange, services, std::move(resolution), Refusal::kTenantNotFound);
}

}  // namespace mg
