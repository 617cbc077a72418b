#include "emulator/commands/socket_target.h"

#include <algorithm>
#include <chrono>

#include "core/adapters/client_socket.h"
#include "core/adapters/http_transport.h"
#include "core/adapters/small_adapters.h"
#include "core/adapters/thread_runtime.h"
#include "core/base/bytes.h"
#include "core/base/json.h"
#include "core/gateway/assembly.h"
#include "emulator/emulator.h"
#include "fakes/fake_settings.h"
#include "fakes/faults_json.h"
#include "fakes/journal.h"
#include "scenarios/run/probe_transport.h"

namespace mg {
namespace {

using scenario::ClientCall;
using scenario::Need;
using scenario::Probes;
using scenario::RawAnswer;
using scenario::Site;
using scenario::StartAttempt;
using scenario::TargetOptions;

constexpr Nanos kControlTime = std::chrono::seconds(30);
constexpr Nanos kLateness = std::chrono::milliseconds(500);
constexpr Nanos kQuiet = std::chrono::milliseconds(50);
constexpr Nanos kLongestSettling = std::chrono::seconds(2);
constexpr Nanos kSilence = std::chrono::milliseconds(500);
constexpr std::size_t kControlBytes = std::size_t{256} << 20;

Result<Profile> ProfileOf(const TargetOptions& options) {
  EnvironmentVariables environment{{"ENVIRONMENT", "test"}};
  for (const auto& [name, value] : options.settings) environment[name] = value;
  MG_TRY(profile, LoadProfile("", environment));
  const auto bound = [&options](const char* name) {
    return options.missing.count(name) == 0 ? BindingKind::kFake : BindingKind::kUnset;
  };
  profile.bucket = bound("MOLTBOT_BUCKET");
  profile.db = bound("TENANT_DB");
  profile.kv = bound("TENANT_KV");
  profile.access = profile.ai_gateway = BindingKind::kFake;
  return std::move(profile);
}

fake::JournalEntry EntryFrom(const Json& json) {
  fake::JournalEntry entry;
  entry.seq = static_cast<std::uint64_t>(IntAt(json, "seq", 0));
  entry.call = static_cast<std::uint64_t>(IntAt(json, "call", 0));
  entry.parent = static_cast<std::uint64_t>(IntAt(json, "parent", 0));
  entry.at_ms = IntAt(json, "at_ms", 0);
  entry.service = StringAt(json, "service");
  entry.operation = StringAt(json, "operation");
  entry.subject = StringAt(json, "subject");
  entry.tenant = StringAt(json, "tenant");
  entry.method = StringAt(json, "method");
  entry.path = StringAt(json, "path");
  entry.status = static_cast<int>(IntAt(json, "status", 0));
  entry.outcome = StringAt(json, "outcome");
  entry.fault = StringAt(json, "fault");
  entry.model = StringAt(json, "model");
  entry.step = static_cast<int>(IntAt(json, "step", -1));
  entry.attempt = static_cast<int>(IntAt(json, "attempt", 0));
  entry.duration_us = IntAt(json, "duration_us", 0);
  return entry;
}

class SocketTarget final : public scenario::Target {
 public:
  explicit SocketTarget(EmulatorOptions options)
      : options_(std::move(options)), emulator_(options_, runtime_, log_) {}

  std::string_view Name() const override { return "socket"; }
  bool Has(Need need) const override {
    switch (need) {
      case Need::kNetwork:    // the loopback's is what it is
      case Need::kAgents:     // they are processes
      case Need::kRestart:    // of the whole emulator, with its fakes
      case Need::kAddresses:  // one machine, one address
      case Need::kCalendar:   // time goes on from what it is
      case Need::kInternal:   // on a port that agents alone are told
        return false;
      default:
        return true;
    }
  }
  Runtime& runtime() override { return runtime_; }
  Nanos Lateness() const override { return kLateness; }
  void Run(const std::function<void()>& body) override { body(); }

  Status Start() override {
    const auto problems = CheckSettings(Preview());
    if (!problems.empty() && !options_.profile.settings.startup_gate_responds)
      return Error{Code::kInvalid, ProblemsText(problems)};
    MG_RETURN_IF_ERROR(emulator_.Start());
    const Settings& settings = emulator_.settings();
    site_ = {settings.app_domain,
             settings.operator_host,
             settings.operators.front(),
             settings.models.free.primary,
             settings.models.premium.primary,
             settings.models.premium.fallback,
             "127.0.0.1",
             emulator_.ready().At("ai_gateway_id")};
    probe_.emplace(transport_, emulator_.ready().At("management_token"));
    return Ok();
  }
  Status Stop() override {
    emulator_.Stop();
    return Ok();
  }

  const Site& site() const override { return site_; }
  std::string Describe() const override { return ReadyToJson(emulator_.ready()); }
  Probes probes() override {
    const Ready& ready = emulator_.ready();
    return {&*probe_, &transport_, emulator_.settings().bindings,
            ready.At("api_base") + "/accounts/" + ready.At("account_id"), ready.At("api_token")};
  }

  Result<Response> Send(ClientCall call, CancelToken& cancel) override {
    call.request.origin = emulator_.ready().At(call.team ? "access_team_url" : "gateway_url");
    Deadlines deadlines;
    deadlines.first_byte = deadlines.total = runtime_.Now() + call.patience;
    return transport_.Send(call.request, deadlines, cancel);
  }
  // The answer is whole when the other side closes or has been silent for a while.
  Result<RawAnswer> SendBytes(std::string_view bytes) override {
    const auto origin = ParseOrigin(emulator_.ready().At("gateway_url"));
    if (!origin) return Error{Code::kInternal, "gateway_url is no origin"};
    CancelToken nobody;
    MG_TRY(socket, ClientSocket::Connect(*origin, nullptr, runtime_.Now() + kControlTime, nobody,
                                         runtime_));
    RawAnswer answer;
    static_cast<void>(socket->Send(bytes, "", runtime_.Now() + kSilence));
    for (;;) {
      std::string some;
      const Got got = socket->Receive(runtime_.Now() + kSilence, some);
      answer.bytes += some;
      if (got == Got::kBytes) continue;
      answer.closed = got != Got::kNothing;
      return answer;
    }
  }
  Result<std::string> Token(const fake::Mint& mint) override { return emulator_.Mint(mint); }

  Status Advance(Nanos duration) override {
    const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(duration).count();
    MG_RETURN_IF_ERROR(Control("POST", "/clock", DumpJson({{"advance_ms", ms}})).ToStatus());
    return Settle();
  }
  Status AddFault(const fake::FaultRule& rule) override {
    return Control("POST", "/faults", DumpJson(fake::FaultRuleToJson(rule))).ToStatus();
  }
  Status RemoveFault(const std::string& id) override {
    return Control("DELETE", "/faults/" + PercentEncode(id), "").ToStatus();
  }
  Result<std::vector<fake::FaultCount>> FaultCounts() override {
    MG_TRY(body, Control("GET", "/faults", "").result);
    MG_TRY(json, ParseJson(body));
    std::vector<fake::FaultCount> counts;
    const Json* list = Find(json, "faults");
    for (const Json& item : list == nullptr ? Json::array() : *list)
      counts.push_back({StringAt(item, "id"), static_cast<int>(IntAt(item, "planned", 0)),
                        static_cast<int>(IntAt(item, "fired", 0)),
                        static_cast<int>(IntAt(item, "bypassed", 0))});
    return counts;
  }
  Result<std::vector<fake::JournalEntry>> Journal() override {
    MG_TRY(body, Control("GET", "/journal?since=" + std::to_string(forgotten_), "").result);
    std::vector<fake::JournalEntry> entries;
    for (const std::string_view line : Split(body, '\n')) {
      if (line.empty()) continue;
      MG_TRY(json, ParseJson(line));
      entries.push_back(EntryFrom(json));
    }
    std::sort(entries.begin(), entries.end(),
              [](const auto& a, const auto& b) { return a.call < b.call; });
    return entries;
  }
  Status ForgetJournal() override {
    MG_TRY(entries, Journal());
    for (const auto& entry : entries) forgotten_ = std::max(forgotten_, entry.seq);
    return Ok();
  }
  std::vector<sim::LogLine> Log() override { return log_.lines(); }
  Result<std::string> Metrics() override { return Managed("GET", "/metrics", "").result; }
  std::vector<fake::AiGateway::Seen> ModelCalls() override { return {}; }

  Status Restart(bool) override { return Error{Code::kInvalid, "needs restart"}; }
  Result<StartAttempt> TryStart(const TargetOptions& options) override {
    auto profile = ProfileOf(options);
    if (!profile) return StartAttempt{true, profile.error().message};
    SocketTarget tried(OptionsOf(std::move(*profile)));
    const Status started = tried.Start();
    if (started) return StartAttempt{};
    return StartAttempt{true, started.error().message};
  }
  void PlanAgent(const std::string&, sim::AgentPlan) override {}
  void KnowTenant(const std::string&, const std::string&) override {}
  std::uint64_t TraceHash() const override { return 0; }
  std::vector<std::string> Secrets() override {
    const fake::Credentials& c = options_.credentials;
    return {c.api_token, c.ai_gateway_token, c.gateway_token, c.s3_secret_access_key,
            c.management_token};
  }

  static EmulatorOptions OptionsOf(Profile profile) {
    OsRandom random;
    EmulatorOptions options;
    options.profile = std::move(profile);
    options.credentials = fake::MakeCredentials(random);
    options.with_demo_tenant = false;
    return options;
  }

 private:
  // What has become due runs now: until the journal stands still.
  Status Settle() {
    std::size_t seen = 0;
    for (const Instant gives_up = runtime_.Now() + kLongestSettling; runtime_.Now() < gives_up;) {
      runtime_.SleepUntil(runtime_.Now() + kQuiet);
      MG_TRY(entries, Journal());
      if (entries.size() == seen) break;
      seen = entries.size();
    }
    return Ok();
  }

  struct Controlled {
    Result<std::string> result;
    Status ToStatus() const { return result ? Ok() : Status(result.error()); }
  };

  Controlled Control(const std::string& method, const std::string& path, std::string body) {
    return Managed(method, "/control/v1" + path, std::move(body));
  }
  Controlled Managed(const std::string& method, const std::string& path, std::string body) {
    Request request;
    request.method = method;
    request.origin = emulator_.ready().At("management_url");
    request.target = path;
    request.headers = {{"authorization", "Bearer " + emulator_.ready().At("management_token")},
                       {"content-type", "application/json"}};
    request.body = std::move(body);
    Deadlines deadlines;
    deadlines.total = runtime_.Now() + kControlTime;
    CancelToken nobody;
    auto answer = transport_.Send(request, deadlines, nobody);
    if (!answer) return {answer.error()};
    if (const Status read = answer->body.Buffer(kControlBytes, deadlines.total); !read)
      return {read.error()};
    if (answer->status < 300) return {answer->body.bytes()};
    return {Error{Code::kUnavailable, "the management listener answered " + method + " " + path +
                                          " with " + std::to_string(answer->status) + " " +
                                          answer->body.bytes()}};
  }

  // The settings as they will be, for checking before anything is opened.
  Settings Preview() const {
    Profile profile = options_.profile;
    fake::PointAtFakes(profile, options_.credentials, {"http://127.0.0.1:1", "http://127.0.0.1:1"});
    return profile.settings;
  }

  EmulatorOptions options_;
  ThreadRuntime runtime_{ThreadRuntime::Moves::kEverything};
  sim::SimLog log_{runtime_};
  HttpTransport transport_{{}, runtime_};
  Emulator emulator_;
  Site site_;
  std::optional<scenario::ProbeTransport> probe_;
  std::uint64_t forgotten_ = 0;
};

}  // namespace

Result<std::unique_ptr<scenario::Target>> MakeSocketTarget(const TargetOptions& options) {
  MG_TRY(profile, ProfileOf(options));
  EmulatorOptions emulator = SocketTarget::OptionsOf(std::move(profile));
  emulator.ai = options.ai;
  emulator.edge = options.edge;
  emulator.access = options.access;
  emulator.cloud = options.cloud;
  if (options.replies) emulator.replies = {options.replies};
  return std::unique_ptr<scenario::Target>(std::make_unique<SocketTarget>(std::move(emulator)));
}

}  // namespace mg
