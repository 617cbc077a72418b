#include "emulator/commands/url_target.h"

#include <atomic>
#include <set>

#include "core/adapters/http_transport.h"
#include "core/adapters/origin.h"
#include "core/adapters/small_adapters.h"
#include "core/adapters/thread_runtime.h"
#include "core/base/bytes.h"

namespace mg {
namespace {

using scenario::ClientCall;
using scenario::Need;
using scenario::TargetOptions;

constexpr std::string_view kPrefix = "sc-";
constexpr std::size_t kRunBytes = 3;
constexpr Nanos kLateness = std::chrono::seconds(2);  // it is far away
constexpr Nanos kCleanUpTime = std::chrono::seconds(30);

// What all scenarios of one command share.
struct Deployment {
  std::string origin, operator_token;
  scenario::Site site;
  std::string run;  // keeps this command's tenants apart from everybody's
  int max_requests = 0;
  std::atomic<int> requests{0};
};

Error NoLever() {
  return {Code::kInvalid, "a deployment has no such lever"};
}

class UrlTarget final : public scenario::Target {
 public:
  explicit UrlTarget(std::shared_ptr<Deployment> deployment) : deployment_(std::move(deployment)) {}

  std::string_view Name() const override { return "url"; }
  bool Has(Need) const override { return false; }
  Runtime& runtime() override { return runtime_; }
  Nanos Lateness() const override { return kLateness; }
  void Run(const std::function<void()>& body) override { body(); }
  Status Start() override { return Ok(); }

  // Deletes every tenant that was made, and looks whether it is gone.
  Status Stop() override {
    for (const std::string& slug : made_) {
      MG_TRY(deleted, Admin("DELETE", slug));
      MG_TRY(left, Admin("GET", slug));
      if (left != 404)
        return Error{Code::kUnavailable, "tenant " + slug + " is left behind: DELETE answered " +
                                             std::to_string(deleted) + ", GET " +
                                             std::to_string(left)};
    }
    return Ok();
  }

  const scenario::Site& site() const override { return deployment_->site; }
  std::string SlugFor(const std::string& slug) const override {
    const std::string own = std::string(kPrefix) + deployment_->run + "-" + slug;
    made_.insert(own);
    return own;
  }
  std::string Describe() const override { return deployment_->origin; }
  scenario::Probes probes() override { return {}; }

  Result<Response> Send(ClientCall call, CancelToken& cancel) override {
    if (++deployment_->requests > deployment_->max_requests)
      return Error{Code::kExhausted, "the cap of --max-requests is reached"};
    call.request.origin = deployment_->origin;
    Deadlines deadlines;
    deadlines.first_byte = deadlines.total = runtime_.Now() + call.patience;
    return transport_.Send(call.request, deadlines, cancel);
  }
  Result<scenario::RawAnswer> SendBytes(std::string_view) override { return NoLever(); }
  Result<std::string> Token(const fake::Mint& mint) override {
    if (mint.email == site().operator_email) return deployment_->operator_token;
    return NoLever();
  }
  Status Advance(Nanos) override { return NoLever(); }
  Status AddFault(const fake::FaultRule&) override { return NoLever(); }
  Status RemoveFault(const std::string&) override { return NoLever(); }
  Result<std::vector<fake::FaultCount>> FaultCounts() override {
    return std::vector<fake::FaultCount>();
  }
  Result<std::vector<fake::JournalEntry>> Journal() override {
    return std::vector<fake::JournalEntry>();
  }
  Status ForgetJournal() override { return Ok(); }
  std::vector<sim::LogLine> Log() override { return {}; }
  Result<std::string> Metrics() override { return NoLever(); }
  std::vector<fake::AiGateway::Seen> ModelCalls() override { return {}; }
  Status Restart(bool) override { return NoLever(); }
  Result<scenario::StartAttempt> TryStart(const TargetOptions&) override { return NoLever(); }
  void PlanAgent(const std::string&, sim::AgentPlan) override {}
  void KnowTenant(const std::string&, const std::string&) override {}
  std::uint64_t TraceHash() const override { return 0; }
  std::vector<std::string> Secrets() override { return {deployment_->operator_token}; }

 private:
  Result<int> Admin(const std::string& method, const std::string& slug) {
    Request request;
    request.method = method;
    request.origin = deployment_->origin;
    request.target = "/api/admin/tenants/" + slug;
    request.headers = {{"host", site().operator_host},
                       {"content-type", "application/json"},
                       {"cookie", "CF_Authorization=" + deployment_->operator_token}};
    if (method == "DELETE") request.body = "{}";
    Deadlines deadlines;
    deadlines.total = runtime_.Now() + kCleanUpTime;
    CancelToken nobody;
    MG_TRY(answer, transport_.Send(request, deadlines, nobody));
    return answer.status;
  }

  const std::shared_ptr<Deployment> deployment_;
  ThreadRuntime runtime_;
  HttpTransport transport_{{}, runtime_};
  mutable std::set<std::string> made_;  // asked for by name before it is made
};

Result<std::string> Needed(const EnvironmentVariables& environment, const std::string& name) {
  const auto found = environment.find(name);
  if (found != environment.end() && !found->second.empty()) return found->second;
  return Error{Code::kInvalid, "--target with a URL needs " + name + " in the environment"};
}

}  // namespace

Result<scenario::MakeTarget> MakeUrlTargets(const std::string& url, int max_requests,
                                            const EnvironmentVariables& environment) {
  const auto origin = ParseOrigin(url);
  if (!origin)
    return Error{Code::kInvalid, "\"" + url + "\" is no target; write virtual, socket or a URL"};
  auto deployment = std::make_shared<Deployment>();
  deployment->origin = url;
  deployment->max_requests = max_requests;
  const auto or_else = [&](const char* name, const std::string& fallback) {
    const auto found = environment.find(name);
    return found == environment.end() ? fallback : found->second;
  };
  scenario::Site& site = deployment->site;
  site.app_domain = or_else("MOLTGATE_APP_DOMAIN", origin->host);
  site.operator_host = or_else("MOLTGATE_OPERATOR_HOST", "admin." + site.app_domain);
  MG_TRY(who, Needed(environment, "MOLTGATE_OPERATOR"));
  MG_TRY(token, Needed(environment, "MOLTGATE_OPERATOR_TOKEN"));
  site.operator_email = who;
  deployment->operator_token = token;
  const Settings defaults;
  site.free_model = defaults.models.free.primary;
  site.primary_model = defaults.models.premium.primary;
  site.fallback_model = defaults.models.premium.fallback;
  OsRandom random;
  deployment->run = HexEncode(random.Bytes(kRunBytes));
  return scenario::MakeTarget([deployment](const TargetOptions&) {
    return Result<std::unique_ptr<scenario::Target>>(std::make_unique<UrlTarget>(deployment));
  });
}

}  // namespace mg
