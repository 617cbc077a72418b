#include "scenarios/run/virtual_target.h"

#include <algorithm>

#include "scenarios/run/probe_transport.h"
#include "scenarios/sim/world.h"

namespace mg::scenario {
namespace {

sim::WorldOptions WorldOptionsOf(const TargetOptions& options) {
  sim::WorldOptions world;
  world.sim = {options.seed, options.schedule, options.clock};
  world.network_one_way = options.network_one_way;
  world.environment = options.settings;
  world.missing = options.missing;
  world.ai = options.ai;
  world.edge = options.edge;
  world.access = options.access;
  world.cloud = options.cloud;
  world.replies = options.replies;
  return world;
}

class VirtualTarget final : public Target {
 public:
  explicit VirtualTarget(const TargetOptions& options)
      : world_(WorldOptionsOf(options)),
        probe_(world_.transport(), world_.credentials().management_token) {
    const Settings& settings = world_.settings();
    site_.app_domain = settings.app_domain;
    site_.operator_host = settings.operator_host;
    if (!settings.operators.empty()) site_.operator_email = settings.operators.front();
    site_.free_model = settings.models.free.primary;
    site_.primary_model = settings.models.premium.primary;
    site_.fallback_model = settings.models.premium.fallback;
    site_.client_address = kClientAddress;
    site_.ai_gateway_id = world_.credentials().ai_gateway_id;
  }

  std::string_view Name() const override { return "virtual"; }
  bool Has(Need need) const override { return need != Need::kBytes; }
  Runtime& runtime() override { return world_.runtime(); }
  Nanos Lateness() const override { return Nanos::zero(); }
  void Run(const std::function<void()>& body) override { world_.runtime().Run(body); }
  Status Start() override { return world_.StartGateway(); }
  Status Stop() override {
    world_.DrainGateway();
    world_.sandboxes().StopAll();
    return Ok();
  }

  const Site& site() const override { return site_; }
  std::string Describe() const override { return "virtual time stands still"; }
  Probes probes() override {
    const fake::Credentials& c = world_.credentials();
    return {&probe_, &world_.transport(), world_.settings().bindings,
            std::string(sim::kApiOrigin) + "/client/v4/accounts/" + c.account_id, c.api_token};
  }

  Result<Response> Send(ClientCall call, CancelToken& cancel) override {
    call.request.origin = call.internal ? sim::kInternalOrigin : sim::kGatewayOrigin;
    if (call.team) call.request.origin = sim::kApiOrigin;
    Deadlines deadlines;
    deadlines.first_byte = deadlines.total = world_.runtime().Now() + call.patience;
    const std::string from = call.from.empty() ? std::string(kClientAddress) : call.from;
    return world_.transport().SendFrom(from, call.request, deadlines, cancel);
  }

  Result<RawAnswer> SendBytes(std::string_view) override {
    return Error{Code::kInvalid, "there are no bytes in virtual time"};
  }

  Result<std::string> Token(const fake::Mint& mint) override {
    return world_.access().MintToken(mint);
  }

  Status Advance(Nanos duration) override {
    world_.runtime().SleepUntil(world_.runtime().Now() + duration);
    return Ok();
  }
  Status AddFault(const fake::FaultRule& rule) override {
    world_.faults().Add(rule);
    return Ok();
  }
  Status RemoveFault(const std::string& id) override {
    world_.faults().Remove(id);
    return Ok();
  }
  Result<std::vector<fake::FaultCount>> FaultCounts() override { return world_.faults().Counts(); }

  Result<std::vector<fake::JournalEntry>> Journal() override {
    auto entries = world_.journal().Since(0);
    std::sort(entries.begin(), entries.end(),
              [](const auto& a, const auto& b) { return a.call < b.call; });
    return entries;
  }
  Status ForgetJournal() override {
    world_.journal().Reset();
    return Ok();
  }
  std::vector<sim::LogLine> Log() override { return world_.log().lines(); }
  Result<std::string> Metrics() override { return world_.MetricsText(); }
  std::vector<fake::AiGateway::Seen> ModelCalls() override { return world_.ai().seen(); }

  Status Restart(bool drained) override {
    if (drained) {
      world_.DrainGateway();
    } else {
      world_.KillGateway();
    }
    return world_.StartGateway();
  }

  // A world of its own, so that nothing of it stays.
  Result<StartAttempt> TryStart(const TargetOptions& options) override {
    const sim::World world(WorldOptionsOf(options));
    if (const Status settings = world.CheckStart(); !settings)
      return StartAttempt{true, settings.error().message};
    return StartAttempt{false, ""};
  }

  void PlanAgent(const std::string& sandbox_id, sim::AgentPlan plan) override {
    if (sandbox_id.empty()) {
      world_.sandboxes().PlanAll(plan);
    } else {
      world_.sandboxes().Plan(sandbox_id, plan);
    }
  }
  void KnowTenant(const std::string& host, const std::string& sandbox_id) override {
    world_.KnowTenant(host, sandbox_id);
  }
  std::uint64_t TraceHash() const override { return world_.trace_hash(); }
  std::vector<std::string> Secrets() override {
    const fake::Credentials& c = world_.credentials();
    return {c.api_token, c.ai_gateway_token, c.gateway_token, c.s3_secret_access_key,
            c.management_token};
  }

 private:
  static constexpr std::string_view kClientAddress = "203.0.113.7";

  sim::World world_;
  ProbeTransport probe_;
  Site site_;
};

}  // namespace

Result<std::unique_ptr<Target>> MakeVirtualTarget(const TargetOptions& options) {
  return std::unique_ptr<Target>(std::make_unique<VirtualTarget>(options));
}

}  // namespace mg::scenario
