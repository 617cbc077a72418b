// One instance of a scenario, carried out on one target: what is given, the steps in order, and
// what must hold at the end.
//
// Thread-safety: none; its own `burst` and `together` steps use tasks of the target's runtime.
#pragma once
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/base/json_fwd.h"
#include "core/ports/runtime.h"
#include "scenarios/run/client_call.h"
#include "scenarios/run/match.h"
#include "scenarios/run/outcome.h"
#include "scenarios/run/reply.h"
#include "scenarios/run/scenario.h"
#include "scenarios/run/target.h"
#include "scenarios/run/values.h"

namespace mg::scenario {

// One call as a client saw it, for the invariants.
struct ClientSaw {
  std::string host, path, from;
  int status = 0;
  std::int64_t limit = 0;  // of the answer's headers; 0: none
  Instant began;
};

class Execution {
 public:
  Execution(const Scenario& scenario, const Instance& instance, std::uint64_t seed, Target& target);

  // Inside target.Run. Fills `outcome`; an error is the target's, and makes the run broken.
  Status Run(Outcome& outcome);

  const std::vector<ClientSaw>& client_saw() const { return client_saw_; }
  const std::vector<std::string>& keys_made() const { return keys_made_; }
  const std::map<std::string, std::string>& tenants() const {
    return tenants_;
  }  // host: sandbox id
  const Scenario& scenario() const { return scenario_; }
  Target& target() { return target_; }

 private:
  // An expectation that did not hold ends the scenario; an Error the run.
  using Checked = Result<std::optional<Failure>>;

  // execution.cc
  Status Given();
  Status MakeTenant(const JsoncNode& tenant);
  void KnowTenant(const std::string& host, const std::string& sandbox_id);
  Status MakeKeys(const JsoncNode& tenant, const std::string& alias, const std::string& slug);
  Result<Json> Admin(const std::string& method, const std::string& path, const Json& body);
  Status AddFault(const JsoncNode& fault);
  Result<std::string> TokenOf(const fake::Mint& mint);
  Checked Do(const Step& step);
  Checked DoOnce(const Step& step);
  std::optional<Failure> Compare(const JsoncNode& expected, const Json& actual,
                                 const std::string& kind, const std::string& what);
  Failure Wrong(const JsoncNode& at, std::string kind, std::string message);
  const Source& SourceOf(const JsoncNode& node) const;
  Status Capture(const Step& step, const Json& value);

  // execution_client.cc
  Checked DoRequest(const Step& step);
  Checked DoBurst(const Step& step);
  Checked DoTogether(const Step& step);
  Result<ClientCall> MadeCall(const JsoncNode& action, bool is_chat);
  Reply Send(ClientCall call);
  Result<std::vector<Reply>> SendBurst(const JsoncNode& burst);
  Result<Instant> BurstStart(const JsoncNode& burst);
  Instant WindowEnd(Nanos window);
  Json BurstJson(const JsoncNode& burst, const std::vector<Reply>& replies);

  // execution_state.cc
  Checked DoQuery(const Step& step);
  Checked DoKv(const Step& step);
  Checked DoObject(const Step& step);
  Checked DoLog(const Step& step);
  Checked DoMetric(const Step& step);
  Checked DoCalls(const Step& step);
  Checked DoRecover(const Step& step);
  Checked DoStart(const Step& step);
  Checked DoRaw(const Step& step);
  Result<Json> RowsOf(const JsoncNode& query);
  Result<Json> KvValue(const JsoncNode& action);
  Result<Json> ObjectValue(const JsoncNode& action);
  Result<Json> LogLines(const JsoncNode& log);
  Result<Json> Calls(const std::string& operation, const std::string& tenant);

  // execution_cloud.cc
  Checked DoApi(const Step& step);
  Checked DoS3(const Step& step);
  Result<ClientCall> CloudCall(const JsoncNode& action);
  Checked AnswerOfCloud(const Step& step, ClientCall call,
                        const std::function<void(Json& actual, const Reply& reply)>& add);

  // execution_finally.cc
  Checked Finally(const JsoncNode& finally);
  Checked CheckCalls(const JsoncNode& calls);
  Checked CheckRows(const JsoncNode& rows);
  Checked CheckValues(const JsoncNode& values, bool of_kv);
  Checked CheckLog(const JsoncNode& log);
  Checked CheckFaults();
  void AddNearestRow(const JsoncNode& expected, const Json& actual, Failure& failure);

  const Scenario& scenario_;
  const Instance& instance_;
  Target& target_;
  Mutex mutex_;  // of what concurrent steps share: the variables and what the client saw
  Variables variables_;
  std::vector<ClientSaw> client_saw_;
  std::vector<std::string> keys_made_;
  std::map<std::string, std::string> tenants_;
  std::map<std::string, const JsoncNode*> faults_;                      // by id
  std::map<std::string, std::pair<std::int64_t, std::string>> tokens_;  // until (s), token
  Nanos advanced_ = Nanos::zero();
};

}  // namespace mg::scenario
