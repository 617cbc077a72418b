// What a scenario runs against: a world in virtual time, a private emulator behind sockets, or a
// deployment at a URL. What one of them cannot do it says in Has, and scenarios that need it are
// skipped there.
//
// Thread-safety: Send, Token and the probes from any task of the runtime; the rest from one.
// Errors: of every call, when the target itself fails (kUnavailable): an infrastructure failure of
// the run, never a verdict on the gateway.
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "core/config/profile.h"
#include "core/http/message.h"
#include "core/ports/runtime.h"
#include "fakes/access/access.h"
#include "fakes/ai/gateway.h"
#include "fakes/ai/reply.h"
#include "fakes/cloud_knobs.h"
#include "fakes/edge/settings.h"
#include "fakes/faults.h"
#include "fakes/journal.h"
#include "scenarios/sim/sim_log.h"
#include "scenarios/sim/sim_runtime.h"
#include "scenarios/sim/sim_sandbox_host.h"

namespace mg::scenario {

enum class Need {
  kFaults,      // disturbs calls, and counts that
  kClock,       // moves time: the calendar, and waits that are under way
  kNetwork,     // decides how long calls travel
  kState,       // reads and writes rows, keys and objects behind the gateway's back
  kJournal,     // sees every call
  kLog,         // sees the gateway's log
  kMetrics,     // sees the gateway's metrics
  kIdentities,  // mints Access tokens of any kind
  kSettings,    // starts the gateway with settings of the scenario's own
  kAgents,      // decides how agents behave
  kRestart,     // stops and starts the gateway
  kStart,       // tries to start a process with given settings
  kAddresses,   // speaks from any client address
  kCalendar,    // starts at a given time
  kInternal,    // reaches the model endpoint of agents
  kBytes,       // sends raw bytes
  kDomains,     // answers for any domain that a tenant is given
};
std::string_view NeedWord(Need need);  // "fault", "clock", ...: for "skipped (needs fault)"

struct TargetOptions {
  std::uint64_t seed = 1;
  sim::Schedule schedule = sim::Schedule::kFifo;
  WallTime clock{1'767'225'600'000};  // 2026-01-01T00:00:00Z
  Nanos network_one_way = Nanos::zero();
  EnvironmentVariables settings;               // over the target's own
  std::set<std::string> missing;               // bindings that are not configured
  fake::AiKnobs ai;                            // how AI Gateway and its models behave
  fake::EdgeSettings edge;                     // what the edge before the gateway is like
  fake::AccessKnobs access;                    // how Access behaves
  fake::CloudKnobs cloud;                      // how the v4 API, KV and D1 behave
  std::shared_ptr<fake::ReplySource> replies;  // null: the built-in model's
};

// Who is who there.
struct Site {
  std::string app_domain, operator_host, operator_email;
  std::string free_model, primary_model, fallback_model;
  std::string client_address;  // of calls that say none
  std::string ai_gateway_id;
};

// D1, KV, R2 and the account as a bystander sees them: in no journal, disturbed by no fault.
struct Probes {
  Transport* transport = nullptr;
  Transport* unmarked = nullptr;  // the same for a client: journalled, and met by faults
  Bindings bindings;
  std::string account_url;  // ".../client/v4/accounts/{account}"
  std::string api_token;
};

struct ClientCall {
  Request request;        // host header set; its origin is the target's matter
  bool internal = false;  // to the model endpoint of agents
  bool team = false;      // to Access's team site
  std::string from;       // client address; empty: the target's own
  Nanos patience = Nanos::max();
  Nanos send_every = Nanos::zero();    // a slow sender rests so long before each byte of its body
  Nanos read_every = Nanos::zero();    // a slow reader takes a piece of the body and rests so long
  std::size_t leave_after_frames = 0;  // of an event stream: then it hangs up; 0: never
};

struct RawAnswer {
  std::string bytes;    // all that came
  bool closed = false;  // by the other side
};

struct StartAttempt {
  bool refused = false;
  std::string text;  // what it said
};

class Target {
 public:
  virtual ~Target() = default;

  virtual std::string_view Name() const = 0;  // "virtual", "socket", "url"
  virtual bool Has(Need need) const = 0;
  virtual Runtime& runtime() = 0;
  // How much later than they should things may come there; zero where time is the target's own.
  virtual Nanos Lateness() const = 0;

  // Runs `body` with the target's runtime; everything below happens in it. Throws what `body` or
  // one of its tasks does, and what the simulated runtime throws.
  virtual void Run(const std::function<void()>& body) = 0;
  virtual Status Start() = 0;  // until the gateway answers
  virtual Status Stop() = 0;   // drained

  virtual const Site& site() const = 0;
  // What a tenant of this name is called there: deployments are shared, so runs keep apart.
  virtual std::string SlugFor(const std::string& slug) const { return slug; }
  virtual std::string Describe() const = 0;  // where to look while it is paused
  virtual Probes probes() = 0;
  // Errors: as a client sees them; kExhausted when the target itself sends no more.
  virtual Result<Response> Send(ClientCall call, CancelToken& cancel) = 0;
  // Sends bytes to the gateway's listener and reads until it closes or says nothing more.
  virtual Result<RawAnswer> SendBytes(std::string_view bytes) = 0;
  virtual Result<std::string> Token(const fake::Mint& mint) = 0;

  virtual Status Advance(Nanos duration) = 0;
  virtual Status AddFault(const fake::FaultRule& rule) = 0;
  virtual Status RemoveFault(const std::string& id) = 0;
  virtual Result<std::vector<fake::FaultCount>> FaultCounts() = 0;
  virtual Result<std::vector<fake::JournalEntry>> Journal() = 0;  // since ForgetJournal
  virtual Status ForgetJournal() = 0;
  virtual std::vector<sim::LogLine> Log() = 0;
  virtual Result<std::string> Metrics() = 0;  // Prometheus text
  // Every try of a model that AI Gateway made, with the metadata it came with.
  virtual std::vector<fake::AiGateway::Seen> ModelCalls() = 0;

  virtual Status Restart(bool drained) = 0;
  virtual Result<StartAttempt> TryStart(const TargetOptions& options) = 0;
  virtual void PlanAgent(const std::string& sandbox_id, sim::AgentPlan plan) = 0;  // "": all
  virtual void KnowTenant(const std::string& host, const std::string& sandbox_id) = 0;
  virtual std::uint64_t TraceHash() const = 0;     // 0 where runs cannot be repeated
  virtual std::vector<std::string> Secrets() = 0;  // what no log line may hold
};

using MakeTarget = std::function<Result<std::unique_ptr<Target>>(const TargetOptions& options)>;

}  // namespace mg::scenario
