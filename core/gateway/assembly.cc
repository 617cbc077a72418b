#include "core/gateway/assembly.h"

#include <optional>

#include "core/base/ids.h"
#include "core/clients/access_keys.h"
#include "core/clients/ai_gateway.h"
#include "core/clients/kv.h"
#include "core/services/registry_watch.h"

namespace mg {
namespace {

template <class Client, class Binding>
std::unique_ptr<Client> MakeClient(const std::optional<Binding>& binding, const Ports& ports) {
  return binding ? std::make_unique<Client>(ports.transport, ports.runtime, *binding) : nullptr;
}

}  // namespace

// Members in the order of what uses what: a later one may hold a reference to an earlier one.
class Assembly::Impl {
 public:
  Impl(const Settings& settings_in, const Ports& ports, AssemblyOptions options)
      : settings(settings_in),
        missing_bindings(MissingBindings(settings)),
        start_problems(settings.startup_gate_responds ? CheckSettings(settings)
                                                      : std::vector<SettingProblem>()),
        kv(MakeClient<KvClient>(settings.bindings.kv, ports)),
        db(MakeClient<D1Client>(settings.bindings.db, ports)),
        access_keys(ports.transport, ports.runtime, settings.access.certs_url),
        ai_gateway(ports.transport, settings.ai_gateway),
        tenants(settings, kv.get(), db.get(), ports.runtime, ports.log),
        keys(db.get(), ports.runtime, ports.log),
        members(db.get(), ports.runtime, ports.log),
        limiter(ports.runtime, Limiter::kMaxTenantsAndKeys),
        address_limiter(ports.runtime, Limiter::kMaxAddresses),
        public_in_flight(options.max_in_flight),
        internal_in_flight(options.max_in_flight),
        models(settings, ai_gateway, ports.runtime, ports.random, ports.log),
        usage({settings.outbox_path, 50, options.usage_batch_interval_ms}, db.get(), ports.disk,
              ports.runtime, ports.random, ports.log),
        sandboxes(settings, models, options.model_base_url, ports.sandbox_host, ports.transport,
                  ports.runtime, ports.random, ports.log),
        access(settings.access, access_keys, ports.runtime, ports.log),
        registry(db ? std::make_unique<Registry>(settings, *db, kv.get(), ports.runtime,
                                                 ports.random, ports.log)
                    : nullptr),
        services{settings,
                 ports.runtime,
                 ports.random,
                 ports.log,
                 ports.transport,
                 tenants,
                 keys,
                 members,
                 limiter,
                 address_limiter,
                 public_in_flight,
                 internal_in_flight,
                 models,
                 usage,
                 sandboxes,
                 access,
                 registry.get(),
                 metrics,
                 missing_bindings,
                 start_problems},
        gateway(services),
        watch(db ? std::make_unique<RegistryWatch>(
                       settings, *db, ports.runtime, ports.log,
                       [this](const RegistryChange& change) { Follow(change); })
                 : nullptr) {
    metrics.Add(
        {"moltgate_requests_in_flight", "gauge",
         "Requests of tenants and operators that are not answered to their end yet.", [this] {
           return static_cast<std::int64_t>(public_in_flight.size() + internal_in_flight.size());
         }});
    metrics.Add({"moltgate_usage_rows_waiting", "gauge", "Usage rows that are not in D1 yet.",
                 [this] { return static_cast<std::int64_t>(usage.Waiting()); }});
    metrics.Add({"moltgate_usage_rows_lost_total", "counter",
                 "Usage rows lost because neither disk nor D1 took them and memory was full.",
                 [this] { return static_cast<std::int64_t>(usage.Lost()); }});
    metrics.Add({"moltgate_usage_rows_delivered_total", "counter", "Usage rows that D1 took.",
                 [this] { return static_cast<std::int64_t>(usage.Delivered()); }});
    metrics.Add({"moltgate_usage_batches_retried_total", "counter",
                 "Batches of usage rows that failed and are sent again.",
                 [this] { return static_cast<std::int64_t>(usage.Retries()); }});
    metrics.Add({"moltgate_usage_oldest_row_age_milliseconds", "gauge",
                 "Age of the usage row that waits longest.",
                 [this] { return usage.OldestAgeMs(); }});
  }

  void Follow(const RegistryChange& change) {
    if (change.kind == kModelMapChanged) return models.UseMap(change.model_map);
    tenants.Apply(change);
    if (change.tenant_id.empty() && change.kind != kRegistryReset) return;
    keys.Drop(change.tenant_id);
    members.Drop(change.tenant_id);
    if (change.tenant_gone) sandboxes.Retire(DeriveSandboxId(change.tenant_id));
  }

  const Settings settings;
  const std::vector<std::string> missing_bindings;
  const std::vector<SettingProblem> start_problems;
  Metrics metrics;
  std::unique_ptr<KvClient> kv;
  std::unique_ptr<D1Client> db;
  AccessKeysClient access_keys;
  AiGatewayClient ai_gateway;
  Tenants tenants;
  Keys keys;
  Members members;
  Limiter limiter;
  Limiter address_limiter;
  InFlight public_in_flight;
  InFlight internal_in_flight;
  Models models;
  Usage usage;
  Sandboxes sandboxes;
  AccessVerifier access;
  std::unique_ptr<Registry> registry;
  Services services;
  Gateway gateway;
  std::unique_ptr<RegistryWatch> watch;
};

Assembly::Assembly(const Settings& settings, const Ports& ports, AssemblyOptions options)
    : impl_(std::make_unique<Impl>(settings, ports, std::move(options))) {}
// The watch calls back into what is destroyed next.
Assembly::~Assembly() {
  if (impl_->watch) impl_->watch->Stop();
}

Gateway& Assembly::gateway() {
  return impl_->gateway;
}
Services& Assembly::services() {
  return impl_->services;
}
D1Client* Assembly::db() {
  return impl_->db.get();
}
KvClient* Assembly::kv() {
  return impl_->kv.get();
}

void Assembly::Start() {
  impl_->usage.Start();
  if (!impl_->watch) return;
  CancelToken nobody;
  if (!impl_->watch->PollOnce(nobody)) {  // it logged why, and goes on trying
    ForgetRegistry();
  }
  impl_->watch->Start();
}

void Assembly::ForgetRegistry() {
  RegistryChange unknown;
  unknown.kind = kRegistryReset;
  impl_->Follow(unknown);
}

Status Assembly::FollowRegistryOnce(CancelToken& cancel) {
  return impl_->watch ? impl_->watch->PollOnce(cancel) : Ok();
}

void Assembly::Stop(Nanos flush_time) {
  impl_->sandboxes.StopAll();
  if (impl_->watch) impl_->watch->Stop();
  impl_->access.Stop();
  impl_->usage.Stop(impl_->services.runtime.Now() + flush_time);
}

}  // namespace mg
