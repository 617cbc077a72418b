#include "scenarios/sim/sim_sandbox_host.h"

#include <utility>

namespace mg::sim {
namespace {

Response StatusOnly(int status) {
  Response response;
  response.status = status;
  return response;
}

}  // namespace

// A started agent: listens from `opens_at` on, until it is stopped.
class SimSandboxHost::Process final : public Handler {
 public:
  Process(SimSandboxHost& host, std::string sandbox_id, int port, fake::AgentSettings settings,
          AgentPlan plan)
      : host_(host),
        sandbox_id_(std::move(sandbox_id)),
        origin_("http://127.0.0.1:" + std::to_string(port)),
        plan_(plan),
        opens_at_(host.runtime_.Now() + plan.boot),
        agent_(std::move(settings), host.transport_, host.runtime_) {
    if (plan_.behaviour == AgentBehaviour::kNormal)
      host_.transport_.Listen(origin_, {this, kAgentWorkers, nullptr, opens_at_});
  }

  bool running() const {
    const bool crashed =
        plan_.behaviour == AgentBehaviour::kCrashes && host_.runtime_.Now() >= opens_at_;
    return !stopped_ && !crashed;
  }

  void Stop() {
    if (std::exchange(stopped_, true)) return;
    host_.transport_.Close(origin_, host_.runtime_.Now());
  }

  const std::string& origin() const { return origin_; }
  std::vector<std::string> output() const {
    if (stopped_ || running()) return {};
    return {"agent: cannot open its state, giving up"};
  }

  Response Handle(Request& request, const Peer& peer, CancelToken& caller_gone) override {
    fake::OpenCall call(host_.journal_, host_.runtime_, request, "agent");
    call.SetTenant(sandbox_id_);
    call.note.operation = request.Path() == "/health" ? "agent.health" : "agent.http";
    Response response = host_.gate_.Pass(call.note, caller_gone, [&] {
      if (auto faulted = call.note.Begin()) return std::move(*faulted);
      return agent_.Handle(request, peer, caller_gone);
    });
    call.Record(response, caller_gone.cancelled());
    return response;
  }

 private:
  static constexpr std::size_t kAgentWorkers = 16;  // as `moltgate agent`

  SimSandboxHost& host_;
  const std::string sandbox_id_;
  const std::string origin_;
  const AgentPlan plan_;
  const Instant opens_at_;
  fake::Agent agent_;
  bool stopped_ = false;
};

SimSandboxHost::SimSandboxHost(SimTransport& transport, fake::Journal& journal,
                               fake::Faults& faults, SimRuntime& runtime)
    : transport_(transport),
      journal_(journal),
      faults_(faults),
      gate_(faults, runtime),
      runtime_(runtime) {}
SimSandboxHost::~SimSandboxHost() = default;

AgentPlan SimSandboxHost::PlanOf(const std::string& sandbox_id) const {
  const auto found = plans_.find(sandbox_id);
  return found == plans_.end() ? every_ : found->second;
}

int SimSandboxHost::starts(const std::string& sandbox_id) const {
  const auto found = processes_.find(sandbox_id);
  return found == processes_.end() ? 0 : static_cast<int>(found->second.size());
}

Result<SandboxEndpoint> SimSandboxHost::Start(const SandboxSpec& spec) {
  Request request;
  request.method = "START";
  request.target = "/" + spec.sandbox_id;
  fake::OpenCall call(journal_, runtime_, request, "sandbox");
  call.SetTenant(spec.sandbox_id);
  call.note.operation = "sandbox.start";
  call.note.subject = spec.sandbox_id;

  AgentPlan plan = PlanOf(spec.sandbox_id);
  fake::FaultedCall faulted;
  faulted.operation = call.note.operation;
  faulted.tenant = faulted.key = spec.sandbox_id;
  const auto fault = faults_.Next(faulted);
  if (fault) {
    call.note.fault = fault->id;
    plan.boot += fault->delay;
    if (fault->hang) plan.behaviour = AgentBehaviour::kNeverListens;
    if (fault->reset != fake::FaultRule::Reset::kNone || fault->status != 0) {
      call.Record(StatusOnly(503), false);
      return Error{Code::kUnavailable, "the host has no room for another agent", true};
    }
  }
  MG_TRY(settings, fake::AgentSettingsFrom(spec.environment));
  const int port = ++last_port_;
  auto& processes = processes_[spec.sandbox_id];
  processes.push_back(std::make_unique<Process>(*this, spec.sandbox_id, port, settings, plan));
  call.Record(StatusOnly(200), false);
  return SandboxEndpoint{processes.back()->origin(), port};
}

bool SimSandboxHost::Running(const std::string& sandbox_id) {
  const auto found = processes_.find(sandbox_id);
  return found != processes_.end() && !found->second.empty() && found->second.back()->running();
}

Status SimSandboxHost::Stop(const std::string& sandbox_id) {
  const auto found = processes_.find(sandbox_id);
  if (found != processes_.end() && !found->second.empty()) found->second.back()->Stop();
  return Ok();
}

void SimSandboxHost::StopAll() {
  for (const auto& [sandbox_id, processes] : processes_)
    for (const auto& process : processes) process->Stop();
}

std::vector<std::string> SimSandboxHost::RecentOutput(const std::string& sandbox_id) {
  const auto found = processes_.find(sandbox_id);
  if (found == processes_.end() || found->second.empty()) return {};
  return found->second.back()->output();
}

}  // namespace mg::sim
