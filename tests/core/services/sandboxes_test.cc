#include "core/services/sandboxes.h"

#include <gtest/gtest.h>

#include <atomic>
#include <map>
#include <set>
#include <thread>

#include "core/adapters/thread_runtime.h"
#include "core/base/bytes.h"
#include "core/base/digest.h"
#include "core/base/json.h"
#include "core/http/message.h"
#include "core/services/model_map.h"
#include "core/services/sandboxes_agent.h"
#include "tests/support/fixed_random.h"
#include "tests/support/local_transport.h"
#include "tests/support/recording_log.h"
#include "tests/support/stepped_runtime.h"

namespace mg {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;

// A host whose processes do what the test says, and which notices two calls for one sandbox at
// once.
class ScriptedHost final : public SandboxHost {
 public:
  Result<SandboxEndpoint> Start(const SandboxSpec& spec) override {
    const Call call(*this, spec.sandbox_id);
    const Lock lock(mutex_);
    ++starts_;
    environments_[spec.sandbox_id] = spec.environment;
    if (refuses_) return Error{Code::kUnavailable, "no such program", false};
    if (!dies_at_once_) alive_.insert(spec.sandbox_id);
    output_[spec.sandbox_id] = {"booting", "token " + spec.environment.at("OPENAI_API_KEY")};
    return SandboxEndpoint{"http://" + spec.sandbox_id, 4000 + starts_};
  }
  bool Running(const std::string& sandbox_id) override {
    const Call call(*this, sandbox_id);
    const Lock lock(mutex_);
    return alive_.count(sandbox_id) != 0;
  }
  Status Stop(const std::string& sandbox_id) override {
    const Call call(*this, sandbox_id);
    const Lock lock(mutex_);
    alive_.erase(sandbox_id);
    ++stops_;
    return Ok();
  }
  std::vector<std::string> RecentOutput(const std::string& sandbox_id) override {
    const Call call(*this, sandbox_id);
    const Lock lock(mutex_);
    return output_[sandbox_id];
  }

  void Crash(const std::string& sandbox_id, const std::string& last_words) {
    const Lock lock(mutex_);
    alive_.erase(sandbox_id);
    output_[sandbox_id].push_back(last_words);
  }
  void DieAtOnce() { dies_at_once_ = true; }
  void Refuse() { refuses_ = true; }
  int starts() const { return starts_; }
  int stops() const { return stops_; }
  int overlaps() const { return overlaps_; }
  std::map<std::string, std::string> environment(const std::string& sandbox_id) {
    const Lock lock(mutex_);
    return environments_[sandbox_id];
  }

 private:
  class Call {
   public:
    Call(ScriptedHost& host, const std::string& id) : host_(host), id_(id) {
      const Lock lock(host_.mutex_);
      if (!host_.busy_.insert(id_).second) ++host_.overlaps_;
    }
    ~Call() {
      const Lock lock(host_.mutex_);
      host_.busy_.erase(id_);
    }

   private:
    ScriptedHost& host_;
    const std::string id_;
  };

  Mutex mutex_;
  std::set<std::string> alive_;
  std::set<std::string> busy_;
  std::map<std::string, std::vector<std::string>> output_;
  std::map<std::string, std::map<std::string, std::string>> environments_;
  std::atomic<bool> dies_at_once_{false};
  std::atomic<bool> refuses_{false};
  std::atomic<int> starts_{0};
  std::atomic<int> stops_{0};
  std::atomic<int> overlaps_{0};
};

// An agent's /health: unwell for the first probes, then well, until told otherwise.
class Health final : public Handler {
 public:
  Response Handle(Request& request, const Peer&, CancelToken&) override {
    EXPECT_EQ(request.target, "/health");
    ++probes_;
    if (sick_ || probes_ <= unwell_probes_) return TextResponse(503, "not yet");
    return TextResponse(200, "ok");
  }
  void BeUnwellFor(int probes) { unwell_probes_ = probes; }
  void BeSick(bool sick) { sick_ = sick; }
  int probes() const { return probes_; }

 private:
  std::atomic<int> probes_{0};
  std::atomic<int> unwell_probes_{0};
  std::atomic<bool> sick_{false};
};

Tenant Acme() {
  return {"123e4567-e89b-12d3-a456-426614174000", "acme", "web", Tier::kFree,
          "sk-986c0dc956dc822b"};
}

Settings TestSettings() {
  Settings settings;
  settings.gateway_token = "the gateway token";
  return settings;
}

template <class AnyRuntime>
class World {
 public:
  explicit World(Settings settings = TestSettings()) : settings_(std::move(settings)) {
    transport_.Route("http://" + acme_.sandbox_id, health_);
  }

  Result<SandboxView> Ensure() { return sandboxes_.EnsureRunning(acme_, nobody_); }
  SandboxState State() { return sandboxes_.View(acme_.sandbox_id).state; }

  AnyRuntime runtime_;
  test::FixedRandom random_;
  test::RecordingLog log_;
  ScriptedHost host_;
  Health health_;
  test::LocalTransport transport_{runtime_};
  Tenant acme_ = Acme();
  CancelToken nobody_;
  const Settings settings_;
  AiGatewayClient ai_gateway_{transport_, settings_.ai_gateway};
  Models models_{settings_, ai_gateway_, runtime_, random_, log_};
  Sandboxes sandboxes_{settings_, models_,    "http://127.0.0.1:40001/internal/model/v1",
                       host_,     transport_, runtime_,
                       random_,   log_};
};

using SteppedWorld = World<test::SteppedRuntime>;
using ThreadWorld = World<ThreadRuntime>;

template <class Condition>
bool Eventually(Condition condition) {
  for (int i = 0; i < 5'000; ++i) {
    if (condition()) return true;
    std::this_thread::sleep_for(milliseconds(1));
  }
  return false;
}

TEST(Sandboxes, StartsTheAgentAndWaitsUntilItAnswers) {
  SteppedWorld w;
  w.health_.BeUnwellFor(3);
  EXPECT_EQ(w.State(), SandboxState::kNotRunning);
  EXPECT_EQ(w.host_.starts(), 0) << "a look starts nothing";
  const auto view = w.Ensure();
  ASSERT_TRUE(view) << view.error().message;
  EXPECT_EQ(view->state, SandboxState::kRunning);
  EXPECT_EQ(view->origin, "http://sk-986c0dc956dc822b");
  EXPECT_EQ(view->process_id, 4001);
  EXPECT_EQ(w.health_.probes(), 4);
  ASSERT_TRUE(w.Ensure());
  EXPECT_EQ(w.host_.starts(), 1);
  EXPECT_EQ(w.health_.probes(), 4) << "a running agent is not probed for every request";
}

TEST(Sandboxes, SixtyFourConcurrentFirstRequestsStartItOnce) {
  ThreadWorld w;
  w.health_.BeUnwellFor(2);
  std::atomic<int> served{0};
  std::vector<std::unique_ptr<Task>> callers;
  for (int i = 0; i < 64; ++i) {
    callers.push_back(w.runtime_.Spawn("caller", [&] {
      CancelToken nobody;
      const auto view = w.sandboxes_.EnsureRunning(w.acme_, nobody);
      if (view && view->state == SandboxState::kRunning) ++served;
    }));
  }
  for (const auto& caller : callers) caller->Join();
  EXPECT_EQ(served, 64);
  EXPECT_EQ(w.host_.starts(), 1);
  EXPECT_EQ(w.host_.overlaps(), 0) << "calls for one sandbox come one at a time";
}

TEST(Sandboxes, GivesTheAgentItsEnvironmentAndNoOtherSecret) {
  SteppedWorld w;
  ASSERT_TRUE(w.Ensure());
  auto environment = w.host_.environment(w.acme_.sandbox_id);
  const std::string token = environment["OPENAI_API_KEY"];
  EXPECT_EQ(token.substr(0, 3), "st_");
  EXPECT_EQ(environment["OPENCLAW_GATEWAY_TOKEN"],
            HexEncode(HmacSha256("the gateway token", w.acme_.sandbox_id)));
  EXPECT_EQ(environment["OPENAI_BASE_URL"], "http://127.0.0.1:40001/internal/model/v1");
  EXPECT_EQ(environment["CF_AIG_REQUEST_TIMEOUT_MS"], "8000");
  EXPECT_EQ(environment["CF_AIG_MAX_ATTEMPTS"], "3");
  EXPECT_NE(environment["CF_AIG_METADATA"].find(w.acme_.sandbox_id), std::string::npos);
  EXPECT_EQ(environment.size(), 8u) << "those, PATH and HOME";
  EXPECT_EQ(w.sandboxes_.TenantOfToken(token), w.acme_.id);
  EXPECT_EQ(w.log_.AllText().find(token), std::string::npos);
}

TEST(Sandboxes, PremiumAgentsGetThePremiumRoute) {
  SteppedWorld w;
  w.acme_.tier = Tier::kEnterprise;
  ASSERT_TRUE(w.Ensure());
  auto environment = w.host_.environment(w.acme_.sandbox_id);
  EXPECT_EQ(environment["CF_AIG_REQUEST_TIMEOUT_MS"], "20000");
  EXPECT_EQ(environment["CF_AIG_MAX_ATTEMPTS"], "2");
}

TEST(Sandboxes, AgentsThatStartLaterGetTheOperatorsRoute) {
  SteppedWorld w;
  ModelMap map = w.models_.Map().map;
  map.free.attempts = 5;
  map.free.first_byte_ms = 1'500;
  w.models_.UseMap(DumpJson(ModelMapToJson(map)));
  ASSERT_TRUE(w.Ensure());
  auto environment = w.host_.environment(w.acme_.sandbox_id);
  EXPECT_EQ(environment["CF_AIG_REQUEST_TIMEOUT_MS"], "1500");
  EXPECT_EQ(environment["CF_AIG_MAX_ATTEMPTS"], "5");
}

TEST(Sandboxes, ACrashedAgentIsStartedAgainByTheNextRequestWithANewToken) {
  SteppedWorld w;
  ASSERT_TRUE(w.Ensure());
  const std::string old_token = w.host_.environment(w.acme_.sandbox_id)["OPENAI_API_KEY"];
  w.host_.Crash(w.acme_.sandbox_id, "segmentation fault");
  const SandboxView crashed = w.sandboxes_.View(w.acme_.sandbox_id);
  EXPECT_EQ(crashed.state, SandboxState::kError);
  EXPECT_EQ(crashed.error, "the agent ended") << "anyone may read it";
  EXPECT_NE(crashed.last_output.find("segmentation fault"), std::string::npos);
  EXPECT_EQ(crashed.last_output.find(old_token), std::string::npos)
      << "though the agent printed it";
  EXPECT_EQ(w.host_.starts(), 1) << "a look starts nothing";

  ASSERT_TRUE(w.Ensure());
  EXPECT_EQ(w.host_.starts(), 2);
  EXPECT_EQ(w.sandboxes_.TenantOfToken(old_token), std::nullopt);
}

TEST(Sandboxes, StartsAtMostFiveTimesInTenMinutesAndSaysWhatTheAgentSaidLast) {
  SteppedWorld w;
  for (int i = 0; i < 5; ++i) {
    ASSERT_TRUE(w.Ensure()) << i;
    w.host_.Crash(w.acme_.sandbox_id, "out of memory");
  }
  const auto refused = w.Ensure();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::kExhausted);
  EXPECT_NE(refused.error().message.find("out of memory"), std::string::npos);
  EXPECT_EQ(w.host_.starts(), 5);
  EXPECT_EQ(w.State(), SandboxState::kError);
  w.runtime_.Advance(minutes(10));
  EXPECT_TRUE(w.Ensure());
}

TEST(Sandboxes, AnAgentThatNeverAnswersIsGivenUpAtTheStartLimitAndStopped) {
  EXPECT_EQ(Settings().sandbox.start_limit_ms, 180'000);
  Settings settings = TestSettings();
  settings.sandbox.start_limit_ms = 3'000;
  SteppedWorld w(settings);
  w.health_.BeSick(true);
  const Instant began = w.runtime_.Now();
  const auto view = w.Ensure();
  ASSERT_FALSE(view);
  EXPECT_EQ(view.error().code, Code::kTimeout);
  EXPECT_EQ(w.runtime_.Now() - began, milliseconds(3'000));
  EXPECT_EQ(w.host_.stops(), 1);
  EXPECT_EQ(w.State(), SandboxState::kError);
  const std::string token = w.host_.environment(w.acme_.sandbox_id)["OPENAI_API_KEY"];
  EXPECT_EQ(w.sandboxes_.TenantOfToken(token), std::nullopt);
}

TEST(Sandboxes, AnAgentThatDiesWhileItStartsIsReportedAtOnce) {
  SteppedWorld w;
  w.health_.BeSick(true);
  w.host_.DieAtOnce();
  const Instant began = w.runtime_.Now();
  const auto view = w.Ensure();
  ASSERT_FALSE(view);
  EXPECT_EQ(view.error().code, Code::kUnavailable);
  EXPECT_NE(view.error().message.find("booting"), std::string::npos);
  EXPECT_LT(w.runtime_.Now() - began, milliseconds(1'000));
}

TEST(Sandboxes, AHostThatCannotStartItIsReported) {
  SteppedWorld w;
  w.host_.Refuse();
  const auto view = w.Ensure();
  ASSERT_FALSE(view);
  EXPECT_EQ(view.error().code, Code::kUnavailable);
  EXPECT_NE(view.error().message.find("no such program"), std::string::npos);
}

TEST(Sandboxes, ACallerWhoGoesAwayLeavesTheStartToTheOthers) {
  ThreadWorld w;
  w.health_.BeSick(true);
  CancelToken leaver;
  std::atomic<bool> left{false};
  auto first = w.runtime_.Spawn("leaver", [&] {
    const auto view = w.sandboxes_.EnsureRunning(w.acme_, leaver);
    left = !view && view.error().code == Code::kCancelled;
  });
  ASSERT_TRUE(Eventually([&] { return w.health_.probes() > 0; }));
  EXPECT_EQ(w.State(), SandboxState::kStarting);
  leaver.Cancel();
  first->Join();
  EXPECT_TRUE(left);
  w.health_.BeSick(false);
  EXPECT_TRUE(w.Ensure());
  EXPECT_EQ(w.host_.starts(), 1);
}

TEST(Sandboxes, ACallerAlreadyGoneStartsNothing) {
  SteppedWorld w;
  CancelToken gone;
  gone.Cancel();
  const auto view = w.sandboxes_.EnsureRunning(w.acme_, gone);
  ASSERT_FALSE(view);
  EXPECT_EQ(view.error().code, Code::kCancelled);
  EXPECT_EQ(w.host_.starts(), 0);
}

TEST(Sandboxes, BeginStartReturnsAtOnceAndIsSharedByWhoWaits) {
  ThreadWorld w;
  w.health_.BeSick(true);
  ASSERT_TRUE(w.sandboxes_.BeginStart(w.acme_));
  ASSERT_TRUE(w.sandboxes_.BeginStart(w.acme_));
  EXPECT_EQ(w.State(), SandboxState::kStarting);
  w.health_.BeSick(false);
  EXPECT_TRUE(w.Ensure());
  EXPECT_EQ(w.host_.starts(), 1);
}

TEST(Sandboxes, ARunningAgentThatStopsAnsweringIsNotResponding) {
  SteppedWorld w;
  ASSERT_TRUE(w.Ensure());
  w.health_.BeSick(true);
  w.runtime_.Advance(milliseconds(1'000));
  EXPECT_EQ(w.State(), SandboxState::kNotResponding);
  const int probes = w.health_.probes();
  EXPECT_EQ(w.State(), SandboxState::kNotResponding);
  EXPECT_EQ(w.health_.probes(), probes) << "one probe a second is enough";
  w.health_.BeSick(false);
  w.runtime_.Advance(milliseconds(1'000));
  EXPECT_EQ(w.State(), SandboxState::kRunning);
}

TEST(Sandboxes, AStopEndsTheAgentAndItsTokenAndTheNextRequestStartsAnew) {
  SteppedWorld w;
  for (int i = 0; i < 7; ++i) {
    ASSERT_TRUE(w.Ensure()) << "a stop by decision does not count as a crash";
    const std::string token = w.host_.environment(w.acme_.sandbox_id)["OPENAI_API_KEY"];
    ASSERT_TRUE(w.sandboxes_.Stop(w.acme_.sandbox_id));
    EXPECT_EQ(w.State(), SandboxState::kNotRunning);
    EXPECT_EQ(w.sandboxes_.TenantOfToken(token), std::nullopt);
  }
  EXPECT_TRUE(w.sandboxes_.Stop("sk-0000000000000000")) << "not running is fine";
}

TEST(Sandboxes, AStopBreaksOffAStartAndTellsWhoWaits) {
  ThreadWorld w;
  w.health_.BeSick(true);
  std::atomic<bool> told{false};
  auto waiter = w.runtime_.Spawn("waiter", [&] {
    CancelToken nobody;
    const auto view = w.sandboxes_.EnsureRunning(w.acme_, nobody);
    told = !view && view.error().code == Code::kUnavailable;
  });
  ASSERT_TRUE(Eventually([&] { return w.health_.probes() > 0; }));
  ASSERT_TRUE(w.sandboxes_.Stop(w.acme_.sandbox_id));
  waiter->Join();
  EXPECT_TRUE(told);
  EXPECT_EQ(w.State(), SandboxState::kNotRunning);
}

TEST(Sandboxes, ADeletedTenantsAgentIsStoppedInTheBackgroundAndNeverStartsAgain) {
  SteppedWorld w;
  ASSERT_TRUE(w.Ensure());
  w.sandboxes_.Retire(w.acme_.sandbox_id);
  EXPECT_TRUE(Eventually([&] { return w.State() == SandboxState::kNotRunning; }));
  EXPECT_EQ(w.host_.stops(), 1);
  const auto refused = w.Ensure();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::kUnavailable);
  EXPECT_EQ(refused.error().message, "the tenant was deleted");
  EXPECT_FALSE(w.sandboxes_.BeginStart(w.acme_));
  EXPECT_EQ(w.host_.starts(), 1);
}

TEST(Sandboxes, ADeletionBreaksOffAStartThatIsUnderWay) {
  ThreadWorld w;
  w.health_.BeSick(true);
  ASSERT_TRUE(w.sandboxes_.BeginStart(w.acme_));
  ASSERT_TRUE(Eventually([&] { return w.health_.probes() > 0; }));
  w.sandboxes_.Retire(w.acme_.sandbox_id);
  EXPECT_TRUE(Eventually([&] { return w.State() == SandboxState::kNotRunning; }));
  w.sandboxes_.StopAll();
  EXPECT_FALSE(w.host_.Running(w.acme_.sandbox_id));
}

TEST(Sandboxes, ADeletionHeardOfBeforeTheFirstRequestStartsNothing) {
  SteppedWorld w;
  w.sandboxes_.Retire(w.acme_.sandbox_id);
  EXPECT_FALSE(w.Ensure());
  EXPECT_EQ(w.host_.starts(), 0);
  EXPECT_EQ(w.host_.stops(), 0);
}

TEST(Sandboxes, StopAllEndsEveryAgentAndRefusesNewStarts) {
  ThreadWorld w;
  ASSERT_TRUE(w.Ensure());
  w.sandboxes_.StopAll();
  EXPECT_EQ(w.State(), SandboxState::kNotRunning);
  const auto late = w.Ensure();
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().code, Code::kUnavailable);
}

TEST(Sandboxes, AForeignTokenSpeaksForNobody) {
  SteppedWorld w;
  ASSERT_TRUE(w.Ensure());
  EXPECT_EQ(w.sandboxes_.TenantOfToken(""), std::nullopt);
  EXPECT_EQ(w.sandboxes_.TenantOfToken("st_guess"), std::nullopt);
  EXPECT_EQ(w.sandboxes_.TenantOfToken(std::string(1 << 20, 'x')), std::nullopt);
}

TEST(Sandboxes, LogsHideTheAgentsOwnTokens) {
  SteppedWorld w;
  ASSERT_TRUE(w.Ensure());
  const auto lines = w.sandboxes_.Logs(w.acme_.sandbox_id);
  ASSERT_EQ(lines.size(), 2u);
  EXPECT_EQ(lines[0], "booting");
  EXPECT_EQ(lines[1], "token (hidden)");
  EXPECT_TRUE(w.sandboxes_.Logs("sk-0000000000000000").empty());
}

TEST(SandboxesAgent, HidesEveryTokenAndLeavesOrdinaryWords) {
  std::string line = "first_st_ep AGENT st_" + std::string(43, 'a') + " AGENT; test_case";
  HideTokens(line, "AGENT");
  EXPECT_EQ(line, "first_st_ep (hidden) (hidden) (hidden); test_case");
}

TEST(SandboxesAgent, ShowsOnlyTheEndOfALongOutput) {
  EXPECT_EQ(LastLines({}), "it printed nothing");
  EXPECT_EQ(LastLines({"1", "2", "3", "4", "5", "6"}), "2 | 3 | 4 | 5 | 6");
  EXPECT_EQ(LastLines({std::string(5'000, 'x')}).size(), 1'000u);
}

TEST(SandboxStates, HaveTheNamesThatStatusReports) {
  EXPECT_EQ(SandboxStateName(SandboxState::kNotRunning), "not_running");
  EXPECT_EQ(SandboxStateName(SandboxState::kStarting), "starting");
  EXPECT_EQ(SandboxStateName(SandboxState::kRunning), "running");
  EXPECT_EQ(SandboxStateName(SandboxState::kNotResponding), "not_responding");
  EXPECT_EQ(SandboxStateName(SandboxState::kError), "error");
}

}  // namespace
}  // namespace mg
