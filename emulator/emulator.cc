#include "emulator/emulator.h"

#include <unistd.h>

#include <atomic>
#include <chrono>
#include <optional>

#include "core/adapters/http_transport.h"
#include "core/adapters/process_sandbox_host.h"
#include "core/adapters/server.h"
#include "core/adapters/small_adapters.h"
#include "core/adapters/thread_runtime.h"
#include "core/adapters/tls_server.h"
#include "core/gateway/assembly.h"
#include "core/services/migrations.h"
#include "emulator/agent_journal.h"
#include "emulator/control.h"
#include "emulator/local_authority.h"
#include "emulator/self.h"
#include "emulator/state.h"
#include "emulator/switch_handler.h"
#include "fakes/access/access.h"
#include "fakes/ai/fixtures.h"
#include "fakes/ai/gateway.h"
#include "fakes/ai/recordings.h"
#include "fakes/cloud.h"
#include "fakes/d1/d1.h"
#include "fakes/edge/edge.h"
#include "fakes/fake_settings.h"
#include "fakes/faults.h"
#include "fakes/journaled.h"
#include "fakes/kv/kv.h"
#include "fakes/r2/r2.h"

namespace mg {
namespace {

constexpr Nanos kDrain = std::chrono::seconds(10);  // OPS-5
constexpr Nanos kUsageFlush = std::chrono::seconds(5);
constexpr Nanos kUsagePause = std::chrono::milliseconds(20);
constexpr std::uint64_t kFaultSeed = 1;             // the same chances in every run
constexpr std::int64_t kFakeBatchIntervalMs = 250;  // USG-4
constexpr std::int64_t kRealBatchIntervalMs = 1000;

// What the edge is to refuse with its own words must reach it.
constexpr std::size_t kEdgeTargetBytes = 64 * 1024;
constexpr std::size_t kEdgeHeadBytes = 320 * 1024;
constexpr std::size_t kEdgeHeaderLines = 2000;

// A server whose handler comes later.
struct Listening {
  SwitchHandler handler;
  std::optional<Server> server;

  Status Open(std::string name, const std::string& host, int port, int max_workers,
              Runtime& runtime, Log& log, ServerOptions options = {}) {
    options.name = std::move(name);
    options.host = host;
    options.port = static_cast<std::uint16_t>(port);
    options.max_workers = max_workers;
    server.emplace(std::move(options), handler, runtime, log);
    return server->Start();
  }
  std::string Origin(const std::string& host, const char* scheme = "http") const {
    return std::string(scheme) + "://" + host + ":" + std::to_string(server->port());
  }
  void Close(Instant deadline) {
    if (server) server->Stop(deadline);
  }
};

struct Fakes {
  std::optional<fake::Kv> kv;
  std::optional<fake::D1> d1;
  std::optional<fake::R2> r2;
  std::optional<fake::Access> access;
  std::optional<fake::AiGateway> ai_gateway;

  fake::CloudFakes Pointers() {
    return {kv ? &*kv : nullptr, d1 ? &*d1 : nullptr, r2 ? &*r2 : nullptr,
            access ? &*access : nullptr, ai_gateway ? &*ai_gateway : nullptr};
  }
};

}  // namespace

class Emulator::Impl {
 public:
  Impl(EmulatorOptions options, ThreadRuntime& runtime, Log& log)
      : options_(std::move(options)),
        runtime_(runtime),
        log_(log),
        transport_({}, runtime),
        faults_(runtime, kFaultSeed) {}

  Status Start();
  void Stop();
  Status Reset();

  EmulatorOptions options_;
  ThreadRuntime& runtime_;
  Log& log_;
  OsRandom random_;
  FileDisk disk_;
  HttpTransport transport_;
  fake::Journal journal_;
  fake::Faults faults_;
  Ready ready_;
  Fakes fakes_;
  std::optional<fake::CloudApi> cloud_api_;
  std::optional<fake::CloudS3> cloud_s3_;
  std::optional<ProcessSandboxHost> sandbox_host_;
  std::optional<AgentJournal> agent_journal_;
  std::optional<Assembly> assembly_;
  std::optional<fake::Zone> zone_;
  std::optional<fake::Edge> edge_;
  std::optional<fake::Journaled> agents_endpoint_;
  std::optional<Control> control_;
  std::shared_ptr<LocalAuthority> authority_;  // null: no TLS
  Listening gateway_, api_, s3_, management_, internal_;
  bool stopped_ = false;
  std::atomic<bool> resetting_{false};

 private:
  bool Wants(const char* name, BindingKind kind) const {
    return kind == BindingKind::kFake && (options_.only.empty() || options_.only.count(name) != 0);
  }
  bool AnyFakeOnApi() const;
  bool HasEdge() const {
    return options_.with_edge && options_.profile.access == BindingKind::kFake;
  }
  Result<ServerOptions> GatewayListener();
  const char* Scheme() const { return authority_ ? "https" : "http"; }
  Status OpenListeners();
  Status BuildFakes();
  Status SetReplies();
  Status BuildGateway();
  void BuildEdge();
  bool IsRegisteredDomain(std::string_view host);
  Status PrepareRegistry();
  Status FillRegistry(CancelToken& cancel);
  Status EnsureDemoTenant(CancelToken& cancel);
  Status ResetStores();
  void LetUsageArrive();
  Status RetireAgents(CancelToken& cancel);
  void FillReady();
};

bool Emulator::Impl::AnyFakeOnApi() const {
  const Profile& profile = options_.profile;
  return Wants("kv", profile.kv) || Wants("d1", profile.db) || Wants("access", profile.access) ||
         Wants("ai", profile.ai_gateway) || Wants("r2", profile.bucket);
}

Result<ServerOptions> Emulator::Impl::GatewayListener() {
  ServerOptions listener;
  if (HasEdge())
    listener.limits = {.target_bytes = kEdgeTargetBytes,
                       .header_lines = kEdgeHeaderLines,
                       .head_bytes = kEdgeHeadBytes};
  if (options_.tls_folder.empty()) return listener;
  const std::string& domain = options_.profile.settings.app_domain;
  MG_TRY(authority, LocalAuthority::Open(options_.tls_folder, !options_.state_folder.empty(),
                                         domain.empty() ? "localhost" : domain, random_, runtime_));
  authority_ = std::move(authority);
  MG_TRY(tls, TlsServer::Make(authority_->server_key(), [issuer = authority_](const auto& host) {
           return issuer->CertificateFor(host);
         }));
  listener.tls = std::move(tls);
  return listener;
}

Status Emulator::Impl::OpenListeners() {
  const std::string& host = options_.host;
  if (AnyFakeOnApi())
    MG_RETURN_IF_ERROR(api_.Open("api", host, options_.api_port, kListenerWorkers, runtime_, log_));
  if (Wants("r2", options_.profile.bucket)) {
    MG_RETURN_IF_ERROR(s3_.Open("s3", host, options_.s3_port, 16, runtime_, log_));
  }
  MG_RETURN_IF_ERROR(management_.Open("management", options_.management_host,
                                      options_.management_port, 4, runtime_, log_));
  if (!options_.with_gateway) return Ok();
  MG_RETURN_IF_ERROR(internal_.Open("internal", "127.0.0.1", 0, kListenerWorkers, runtime_, log_));
  MG_TRY(listener, GatewayListener());
  return gateway_.Open("gateway", host, options_.gateway_port, kListenerWorkers, runtime_, log_,
                       std::move(listener));
}

Status Emulator::Impl::BuildFakes() {
  Profile& profile = options_.profile;
  fake::FakeAddresses at;
  if (api_.server) at.api_origin = api_.Origin(options_.host);
  if (s3_.server) at.s3_origin = s3_.Origin(options_.host);
  fake::PointAtFakes(profile, options_.credentials, at);
  const fake::Credentials& credentials = options_.credentials;
  const std::string& folder = options_.state_folder;
  try {
    if (Wants("kv", profile.kv)) fakes_.kv.emplace(credentials, folder, runtime_);
    if (Wants("d1", profile.db)) fakes_.d1.emplace(credentials, folder, runtime_);
    if (Wants("r2", profile.bucket)) fakes_.r2.emplace(credentials, folder, runtime_);
    if (Wants("ai", profile.ai_gateway))
      fakes_.ai_gateway.emplace(credentials, folder, runtime_, random_, faults_);
  } catch (const std::runtime_error& error) {
    return Error{Code::kUnavailable, std::string("cannot open the state: ") + error.what()};
  }
  if (fakes_.ai_gateway) fakes_.ai_gateway->SetKnobs(options_.ai);
  if (fakes_.ai_gateway) MG_RETURN_IF_ERROR(SetReplies());
  if (Wants("access", profile.access)) {
    fake::AccessSite site;
    site.team_url = at.api_origin;
    site.app_domain = profile.settings.app_domain;
    site.operator_host = profile.settings.operator_host;
    site.identities = {std::string(fake::kDemoMember), std::string(fake::kDemoOperator)};
    site.is_registered_domain = [this](std::string_view host) { return IsRegisteredDomain(host); };
    fakes_.access.emplace(credentials, std::move(site), runtime_, random_);
    fakes_.access->SetKnobs(options_.access);
  }
  if (api_.server) {
    cloud_api_.emplace(options_.credentials, fakes_.Pointers(), runtime_, journal_, faults_);
    cloud_api_->SetKnobs(options_.cloud);
    api_.handler.Set(&*cloud_api_);
  }
  if (s3_.server) {
    cloud_s3_.emplace(options_.credentials, *fakes_.r2, runtime_, journal_, faults_);
    s3_.handler.Set(&*cloud_s3_);
  }
  return Ok();
}

// Fixtures first, then what was recorded, then the other server; the built-in model last, but not
// where answers are to be real.
Status Emulator::Impl::SetReplies() {
  const ModelSource& model = options_.model;
  auto sources = options_.replies;
  if (!model.fixtures.empty()) {
    MG_TRY(fixtures, fake::ReadFixtures(model.fixtures, disk_));
    sources.push_back(std::move(fixtures));
  }
  if (!model.replay_folder.empty())
    sources.push_back(std::make_shared<fake::AiReplay>(model.replay_folder, disk_));
  if (!model.upstream.url.empty()) {
    std::shared_ptr<fake::ReplySource> upstream =
        std::make_shared<fake::AiUpstream>(model.upstream, transport_, runtime_);
    if (!model.record_folder.empty()) {
      MG_RETURN_IF_ERROR(MakeFolder(model.record_folder));
      upstream = std::make_shared<fake::AiRecorder>(upstream, model.record_folder, disk_);
    }
    sources.push_back(std::move(upstream));
  } else if (!model.replay_folder.empty()) {
    sources.push_back(std::make_shared<fake::NoOtherAnswer>());
  }
  fakes_.ai_gateway->SetReplies(std::move(sources));
  return Ok();
}

Status Emulator::Impl::BuildGateway() {
  const Settings& settings = options_.profile.settings;
  std::vector<std::string> command = settings.sandbox.agent_command;
  if (command.empty()) command = {SelfPath(), "agent"};
  sandbox_host_.emplace(std::move(command), runtime_, log_);
  agent_journal_.emplace(*sandbox_host_, transport_, runtime_, journal_);
  AssemblyOptions assembly_options;
  assembly_options.model_base_url = internal_.Origin("127.0.0.1") + "/internal/model/v1";
  assembly_options.usage_batch_interval_ms =
      options_.profile.db == BindingKind::kFake ? kFakeBatchIntervalMs : kRealBatchIntervalMs;
  assembly_.emplace(settings,
                    Ports{runtime_, random_, log_, *agent_journal_, disk_, *agent_journal_},
                    assembly_options);
  agents_endpoint_.emplace("internal", "model", assembly_->gateway().internal_listener(), runtime_,
                           journal_);
  internal_.handler.Set(&*agents_endpoint_);
  if (HasEdge()) BuildEdge();
  return Ok();
}

void Emulator::Impl::BuildEdge() {
  const Settings& settings = options_.profile.settings;
  zone_.emplace(options_.edge, runtime_);
  if (authority_) zone_->ServeHttps();
  zone_->NameHosts([this, &settings](const std::string& host) {
    return fake::IsUnder(host, settings.app_domain) || host == settings.operator_host ||
           IsRegisteredDomain(host);
  });
  edge_.emplace(assembly_->gateway().public_listener(), &*fakes_.access, *zone_, faults_, runtime_,
                random_, journal_);
}

bool Emulator::Impl::IsRegisteredDomain(std::string_view host) {
  if (!assembly_) return false;
  CancelToken cancel;
  const auto name = ParseHost(host);
  return name &&
         assembly_->services().tenants.ByHost(*name, cancel).outcome == Resolution::Outcome::kFound;
}

// A fake's database is migrated here; a real one is the operator's to migrate (`moltgate migrations
// apply`).
Status Emulator::Impl::PrepareRegistry() {
  CancelToken cancel;
  MG_RETURN_IF_ERROR(FillRegistry(cancel));
  assembly_->Start();
  return Ok();
}

Status Emulator::Impl::FillRegistry(CancelToken& cancel) {
  if (options_.profile.db != BindingKind::kFake) return Ok();
  auto applied = ApplyMigrations(*assembly_->db(), cancel);
  if (!applied) return applied.error();
  return options_.with_demo_tenant ? EnsureDemoTenant(cancel) : Ok();
}

// Usage rows that wait would otherwise come to a database that has forgotten their tenants.
void Emulator::Impl::LetUsageArrive() {
  const Instant latest = runtime_.Now() + kUsageFlush;
  while (assembly_->services().usage.Waiting() > 0 && runtime_.Now() < latest)
    runtime_.SleepUntil(runtime_.Now() + kUsagePause);
}

// Agents of tenants that are about to be nobody's.
Status Emulator::Impl::RetireAgents(CancelToken& cancel) {
  if (assembly_->services().registry == nullptr) return Ok();
  MG_TRY(tenants, assembly_->services().registry->ListTenants(cancel));
  for (const TenantRecord& record : tenants)
    assembly_->services().sandboxes.Retire(record.sandbox_id);
  return Ok();
}

Status Emulator::Impl::Reset() {
  if (resetting_.exchange(true)) return Error{Code::kConflict, "another reset is under way", true};
  const Status done = ResetStores();
  resetting_ = false;
  return done;
}

Status Emulator::Impl::ResetStores() {
  CancelToken cancel;
  faults_.Clear();
  if (assembly_) {
    LetUsageArrive();
    if (fakes_.d1) MG_RETURN_IF_ERROR(RetireAgents(cancel));
  }
  if (cloud_api_) cloud_api_->Reset();
  if (zone_) zone_->Set(zone_->settings());
  if (assembly_ && assembly_->db() != nullptr) {
    MG_RETURN_IF_ERROR(FillRegistry(cancel));
    assembly_->ForgetRegistry();
  }
  journal_.Forget();
  return Ok();
}

Status Emulator::Impl::EnsureDemoTenant(CancelToken& cancel) {
  Registry& registry = *assembly_->services().registry;
  auto existing = registry.GetTenant(fake::kDemoSlug, cancel);
  if (existing) return Ok();
  if (existing.error().code != Code::kNotFound) return existing.error();
  auto created =
      registry.CreateTenant({std::string(fake::kDemoSlug), "free", "web"}, "moltgate up", cancel);
  if (!created)
    return created.error().code == Code::kConflict ? Ok()
                                                   : Status(created.error());  // deleted by hand
  MG_RETURN_IF_ERROR(registry.PutMember(fake::kDemoSlug, fake::kDemoMember, "moltgate up", cancel));
  auto key = registry.ImportKey(fake::kDemoSlug, "demo", options_.credentials.demo_tenant_key,
                                "moltgate up", cancel);
  return key ? Ok() : Status(key.error());
}

void Emulator::Impl::FillReady() {
  const Settings& settings = options_.profile.settings;
  const fake::Credentials& credentials = options_.credentials;
  auto& values = ready_.values;
  ready_.pid = ::getpid();
  values["management_url"] = management_.Origin(options_.management_host);
  values["management_token"] = credentials.management_token;
  if (api_.server) {
    const fake::FakeAddresses at{api_.Origin(options_.host), ""};
    values["api_base"] = fake::FakeApiBase(at);
    values["account_id"] = credentials.account_id;
    values["api_token"] = credentials.api_token;
    if (fakes_.ai_gateway) {
      values["ai_gateway_base"] = fake::FakeAiGatewayBase(at, credentials);
      values["ai_gateway_id"] = credentials.ai_gateway_id;
      values["ai_gateway_token"] = credentials.ai_gateway_token;
    }
  }
  if (fakes_.kv) values["kv_namespace_id"] = credentials.kv_namespace_id;
  if (fakes_.d1) values["d1_database_id"] = credentials.d1_database_id;
  if (s3_.server) {
    values["s3_endpoint"] = s3_.Origin(options_.host);
    values["s3_access_key_id"] = credentials.s3_access_key_id;
    values["s3_secret_access_key"] = credentials.s3_secret_access_key;
    values["r2_bucket"] = credentials.r2_bucket;
  }
  if (fakes_.access) {
    values["access_team_url"] = settings.access.team_url;
    values["access_aud"] = credentials.access_aud;
  }
  if (!options_.with_gateway) return;
  values["gateway_url"] = gateway_.Origin(options_.host, Scheme());
  if (authority_) values["ca_file"] = authority_->certificate_path();
  values["app_domain"] = settings.app_domain;
  values["operator_host"] = settings.operator_host;
  if (!settings.operators.empty()) values["operator"] = settings.operators.front();
  if (options_.with_demo_tenant && fakes_.d1) {
    values["demo_tenant_slug"] = fake::kDemoSlug;
    values["demo_tenant_host"] = std::string(fake::kDemoSlug) + "." + settings.app_domain;
    values["demo_tenant_key"] = credentials.demo_tenant_key;
    values["demo_member"] = fake::kDemoMember;
  }
}

Status Emulator::Impl::Start() {
  MG_RETURN_IF_ERROR(OpenListeners());
  MG_RETURN_IF_ERROR(BuildFakes());
  if (options_.with_gateway) {
    MG_RETURN_IF_ERROR(BuildGateway());
    if (assembly_->db() != nullptr) {
      MG_RETURN_IF_ERROR(PrepareRegistry());
    } else {
      assembly_->Start();
    }
  }
  const Metrics* metrics = assembly_ ? &assembly_->services().metrics : nullptr;
  Controlled controlled{metrics,
                        fakes_.Pointers().ai_gateway,
                        fakes_.Pointers().access,
                        zone_ ? &*zone_ : nullptr,
                        cloud_api_ ? &*cloud_api_ : nullptr,
                        [this] { return Reset(); },
                        options_.state_folder};
  control_.emplace(options_.credentials.management_token, std::move(controlled), journal_, faults_,
                   runtime_);
  management_.handler.Set(&*control_);
  FillReady();
  if (assembly_) {
    Handler* front =
        edge_ ? static_cast<Handler*>(&*edge_) : &assembly_->gateway().public_listener();
    gateway_.handler.Set(front);
  }
  return Ok();
}

// The gateway first: what it still answers needs its agents, its model endpoint and the fakes.
void Emulator::Impl::Stop() {
  if (stopped_) return;
  stopped_ = true;
  gateway_.Close(runtime_.Now() + kDrain);
  if (assembly_) assembly_->Stop(kUsageFlush);
  for (Listening* listening : {&internal_, &management_, &s3_, &api_})
    listening->Close(runtime_.Now());
}

Emulator::Emulator(EmulatorOptions options, ThreadRuntime& runtime, Log& log)
    : impl_(std::make_unique<Impl>(std::move(options), runtime, log)) {}
Emulator::~Emulator() {
  impl_->Stop();
}

Status Emulator::Start() {
  Status started = impl_->Start();
  if (!started) impl_->Stop();
  return started;
}
void Emulator::Stop() {
  impl_->Stop();
}
const Ready& Emulator::ready() const {
  return impl_->ready_;
}
const Settings& Emulator::settings() const {
  return impl_->options_.profile.settings;
}
bool Emulator::has_gateway() const {
  return impl_->assembly_.has_value();
}
bool Emulator::has_kv_fake() const {
  return impl_->fakes_.kv.has_value();
}
bool Emulator::has_d1_fake() const {
  return impl_->fakes_.d1.has_value();
}
bool Emulator::has_r2_fake() const {
  return impl_->fakes_.r2.has_value();
}
Assembly& Emulator::assembly() {
  return *impl_->assembly_;
}
fake::Journal& Emulator::journal() {
  return impl_->journal_;
}

std::string Emulator::MintToken(const std::string& email) {
  fake::Mint mint;
  mint.email = email;
  auto token = Mint(mint);
  return token ? *token : std::string();
}

Result<std::string> Emulator::Mint(const fake::Mint& mint) {
  if (!impl_->fakes_.access) return Error{Code::kInvalid, "Access is real here: it mints"};
  return impl_->fakes_.access->MintToken(mint);
}

}  // namespace mg
