#include "scenarios/sim/world.h"

#include <utility>

#include "core/base/ids.h"
#include "core/http/host.h"
#include "core/services/migrations.h"
#include "fakes/fake_settings.h"

namespace mg::sim {
namespace {

constexpr Nanos kDrain = std::chrono::seconds(10);  // OPS-5
constexpr Nanos kUsageFlush = std::chrono::seconds(5);
constexpr std::int64_t kBatchIntervalMs = 250;                         // USG-4, against fakes
constexpr auto kWorkers = static_cast<std::size_t>(kListenerWorkers);  // as the emulator's
constexpr std::uint64_t kFaultSeed = 0x9e3779b97f4a7c15ULL;
constexpr std::size_t kJournalEntries = 1'000'000;  // invariants need all of a run
constexpr const char* kOutbox = "outbox.jsonl";

}  // namespace

// Which call a task works for lives in the task's context.
class World::Trail final : public fake::CallTrail {
 public:
  explicit Trail(SimRuntime& runtime) : runtime_(runtime) {}
  fake::Cause Current() const override {
    const auto* cause = std::any_cast<fake::Cause>(&runtime_.Context());
    return cause == nullptr ? fake::Cause{} : *cause;
  }
  void Set(fake::Cause cause) override { runtime_.Context() = std::move(cause); }

 private:
  SimRuntime& runtime_;
};

World::World(WorldOptions options)
    : options_(std::move(options)),
      runtime_(options_.sim),
      random_(options_.sim.seed),
      log_(runtime_),
      transport_(runtime_, options_.network_one_way),
      journal_(kJournalEntries),
      faults_(runtime_, options_.sim.seed ^ kFaultSeed),
      trail_(std::make_unique<Trail>(runtime_)),
      credentials_(fake::MakeCredentials(random_)),
      profile_(MadeProfile()),
      kv_(credentials_, "", runtime_),
      d1_(credentials_, "", runtime_),
      r2_(credentials_, "", runtime_),
      access_(credentials_, Site(), runtime_, random_),
      ai_(credentials_, "", runtime_, random_, faults_),
      cloud_(credentials_, {&kv_, &d1_, &r2_, &access_, &ai_}, runtime_, journal_, faults_),
      s3_(credentials_, r2_, runtime_, journal_, faults_),
      sandboxes_(transport_, journal_, faults_, runtime_),
      zone_(options_.edge, runtime_) {
  journal_.Follow(trail_.get());
  ai_.SetKnobs(options_.ai);
  zone_.NameHosts([this](const std::string& host) {
    return fake::IsUnder(host, profile_.settings.app_domain) ||
           host == profile_.settings.operator_host || IsCustomDomain(host);
  });
  access_.SetKnobs(options_.access);
  cloud_.SetKnobs(options_.cloud);
  if (options_.replies) ai_.SetReplies({options_.replies});
  ListenForFakes();
}
World::~World() = default;

Profile World::MadeProfile() {
  EnvironmentVariables environment{{"ENVIRONMENT", "test"}};
  for (const auto& [name, value] : options_.environment) environment[name] = value;
  auto loaded = LoadProfile("", environment);
  if (!loaded) {
    profile_status_ = loaded.error();
    return {};
  }
  Profile profile = std::move(*loaded);
  const auto bound = [this](const char* name) {
    return options_.missing.count(name) == 0 ? BindingKind::kFake : BindingKind::kUnset;
  };
  profile.bucket = bound("MOLTBOT_BUCKET");
  profile.db = bound("TENANT_DB");
  profile.kv = bound("TENANT_KV");
  profile.access = profile.ai_gateway = BindingKind::kFake;
  fake::PointAtFakes(profile, credentials_, {kApiOrigin, kS3Origin});
  profile.settings.outbox_path = kOutbox;
  return profile;
}

fake::AccessSite World::Site() {
  fake::AccessSite site;
  site.team_url = kApiOrigin;
  site.app_domain = profile_.settings.app_domain;
  site.operator_host = profile_.settings.operator_host;
  site.is_registered_domain = [this](std::string_view host) { return IsCustomDomain(host); };
  return site;
}

bool World::IsCustomDomain(std::string_view host) {
  const auto name = ParseHost(host);
  return name && sandbox_of_host_.count(name->name) != 0;
}

// The fakes answer without a wait unless a fault or a knob makes them.
void World::ListenForFakes() {
  const auto undisturbed = [this] { return !faults_.Any(); };
  transport_.Listen(kS3Origin, {&s3_, kWorkers, undisturbed, {}});
  const auto at_once = [this] {
    return !faults_.Any() && ai_.AnswersAtOnce() && !options_.cloud.d1.waits();
  };
  transport_.Listen(kApiOrigin, {&cloud_, kWorkers, at_once, {}});
}

void World::KnowTenant(std::string host, std::string sandbox_id) {
  sandbox_of_host_.insert_or_assign(std::move(host), std::move(sandbox_id));
}

Status World::CheckStart() const {
  MG_RETURN_IF_ERROR(profile_status_);
  const auto problems = CheckSettings(profile_.settings);
  if (problems.empty() || profile_.settings.startup_gate_responds) return Ok();
  return Error{Code::kInvalid, ProblemsText(problems)};
}

Status World::StartGateway() {
  MG_RETURN_IF_ERROR(CheckStart());
  const Settings& settings = profile_.settings;
  disk_.RestorePower();
  transport_.Isolate(false);
  AssemblyOptions options;
  options.model_base_url = std::string(kInternalOrigin) + "/internal/model/v1";
  options.usage_batch_interval_ms = kBatchIntervalMs;
  assembly_ = std::make_unique<Assembly>(
      settings, Ports{runtime_, random_, log_, transport_, disk_, sandboxes_}, options);
  CancelToken nobody;
  if (assembly_->db() != nullptr) {
    auto applied = ApplyMigrations(*assembly_->db(), nobody);
    if (!applied) return applied.error();
  }
  assembly_->Start();
  edge_.emplace(assembly_->gateway().public_listener(), &access_, zone_, faults_, runtime_, random_,
                journal_);
  edge_->NameTenants([this](const std::string& host) {
    const auto found = sandbox_of_host_.find(host);
    return found == sandbox_of_host_.end() ? std::string() : found->second;
  });
  transport_.Listen(kGatewayOrigin, {&*edge_, kWorkers, nullptr, {}});
  model_endpoint_.emplace("internal", "model", assembly_->gateway().internal_listener(), runtime_,
                          journal_);
  transport_.Listen(kInternalOrigin, {&*model_endpoint_, kWorkers, nullptr, {}});
  return Ok();
}

std::string World::MetricsText() const {
  return assembly_ ? assembly_->services().metrics.PrometheusText() : std::string();
}

// The gateway first: what it still answers needs its agents and its model endpoint.
void World::StopGateway(Instant cut_at, Nanos flush_time) {
  if (!assembly_) return;
  transport_.Close(kGatewayOrigin, cut_at);
  assembly_->Stop(flush_time);
  transport_.Close(kInternalOrigin, runtime_.Now());
  model_endpoint_.reset();
  edge_.reset();
  assembly_.reset();
}

void World::DrainGateway() {
  StopGateway(runtime_.Now() + kDrain, kUsageFlush);
}

void World::KillGateway() {
  disk_.CutPower();
  transport_.Isolate(true);
  StopGateway(runtime_.Now(), Nanos::zero());
}

}  // namespace mg::sim
