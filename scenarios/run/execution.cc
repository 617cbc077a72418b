#include "scenarios/run/execution.h"

#include <algorithm>

#include "core/base/bytes.h"
#include "core/base/json.h"
#include "scenarios/run/fault_rule.h"
#include "scenarios/run/invariants.h"
#include "scenarios/run/options.h"

namespace mg::scenario {
namespace {

constexpr Nanos kEventuallyPause = std::chrono::milliseconds(50);
constexpr std::int64_t kTokenReuseSeconds = 600;

std::vector<std::string> Texts(const JsoncNode* list) {
  std::vector<std::string> texts;
  if (list == nullptr) return texts;
  for (const JsoncNode& item : list->items) texts.push_back(item.text);
  return texts;
}

std::string TextOr(const JsoncNode& node, std::string_view key, std::string_view fallback) {
  const JsoncNode* found = node.Find(key);
  return found == nullptr ? std::string(fallback) : found->text;
}

bool Contains(const JsoncNode& tree, const JsoncNode* node) {
  if (&tree == node) return true;
  for (const JsoncNode& item : tree.items)
    if (Contains(item, node)) return true;
  for (const JsoncNode::Member& member : tree.members)
    if (Contains(member.value, node)) return true;
  return false;
}

sim::AgentPlan PlanFrom(const JsoncNode& node, std::string_view behaviour_key) {
  sim::AgentPlan plan;
  const std::string behaviour = TextOr(node, behaviour_key, "normal");
  if (behaviour == "crashes") plan.behaviour = sim::AgentBehaviour::kCrashes;
  if (behaviour == "never_listens") plan.behaviour = sim::AgentBehaviour::kNeverListens;
  if (const JsoncNode* boot = node.Find("boot"))
    plan.boot = DurationOf(boot->text).value_or(plan.boot);
  return plan;
}

}  // namespace

Execution::Execution(const Scenario& scenario, const Instance& instance, std::uint64_t seed,
                     Target& target)
    : scenario_(scenario), instance_(instance), target_(target) {
  const Site& site = target.site();
  variables_.Set("app_domain", site.app_domain);
  variables_.Set("operator_host", site.operator_host);
  variables_.Set("operator", site.operator_email);
  variables_.Set("primary", site.primary_model);
  variables_.Set("fallback", site.fallback_model);
  variables_.Set("free_model", site.free_model);
  variables_.Set("ai_gateway", site.ai_gateway_id);
  variables_.Set("client_address", site.client_address);
  variables_.Set("seed", seed);
}

const Source& Execution::SourceOf(const JsoncNode& node) const {
  for (const auto& source : scenario_.sources)
    if (Contains(source->root, &node)) return *source;
  return scenario_.source();
}

Status Execution::Run(Outcome& outcome) {
  MG_RETURN_IF_ERROR(SetVariables(scenario_, instance_, variables_));
  MG_RETURN_IF_ERROR(Given());
  MG_RETURN_IF_ERROR(target_.ForgetJournal());
  for (const JsoncNode* fault : scenario_.faults) MG_RETURN_IF_ERROR(AddFault(*fault));

  const Instant began = target_.runtime().Now();
  std::optional<Failure> failure;
  for (const Step& step : scenario_.steps) {
    MG_TRY(wrong, Do(step));
    failure = std::move(wrong);
    if (failure) break;
  }
  if (!failure && scenario_.finally != nullptr) {
    MG_TRY(wrong, Finally(*scenario_.finally));
    failure = std::move(wrong);
  }
  if (!failure) {
    MG_TRY(wrong, BrokenInvariant(*this));
    failure = std::move(wrong);
  }
  if (!failure) {  // last: what stands behind answers meets faults too
    MG_TRY(wrong, CheckFaults());
    failure = std::move(wrong);
  }
  if (failure) outcome.failures.push_back(std::move(*failure));
  if (!outcome.failures.empty()) outcome.verdict = Verdict::kFailed;
  outcome.virtual_time = target_.runtime().Now() - began;
  outcome.waited = outcome.virtual_time - advanced_;
  return Ok();
}

// --- given -------------------------------------------------------------------------------------

Status Execution::Given() {
  for (const JsoncNode* given : scenario_.given) {
    if (const JsoncNode* agent = given->Find("agent"))
      target_.PlanAgent("", PlanFrom(*agent, "behaviour"));
    const JsoncNode* tenants = given->Find("tenants");
    if (tenants == nullptr) continue;
    for (const JsoncNode& tenant : tenants->items) MG_RETURN_IF_ERROR(MakeTenant(tenant));
  }
  return Ok();
}

Result<Json> Execution::Admin(const std::string& method, const std::string& path,
                              const Json& body) {
  ClientCall call;
  call.request.method = method;
  call.request.target = "/api/admin" + path;
  call.request.headers = {{"host", target_.site().operator_host},
                          {"content-type", "application/json"}};
  call.request.body = DumpJson(body);
  fake::Mint mint;
  mint.email = target_.site().operator_email;
  MG_TRY(token, TokenOf(mint));
  call.request.headers.Set("cookie", "CF_Authorization=" + token);
  call.patience = std::chrono::seconds(60);
  const Reply reply = Exchange(target_, std::move(call));
  MG_RETURN_IF_ERROR(reply.sent);
  if (reply.status >= 200 && reply.status < 300) {
    auto json = ParseJson(reply.body);
    return json ? std::move(*json) : Json();
  }
  return Error{Code::kUnavailable, "`given` could not be made: " + method + " " + path +
                                       " answered " + std::to_string(reply.status) + " " +
                                       reply.error + reply.body.substr(0, 300)};
}

Status Execution::MakeTenant(const JsoncNode& tenant) {
  MG_TRY(named, ResolveText(*tenant.Find("slug"), variables_));
  std::string alias = TextOr(tenant, "as", named);
  const std::string slug = target_.SlugFor(named);
  std::replace(alias.begin(), alias.end(), '-', '_');
  Json body{{"slug", slug}};
  for (const char* key : {"tier", "platform"}) {
    const JsoncNode* node = tenant.Find(key);
    if (node == nullptr) continue;
    MG_TRY(value, ResolveText(*node, variables_));
    body[key] = value;
  }
  MG_TRY(made, Admin("POST", "/tenants", body));
  const std::string sandbox_id = StringAt(made, "sandbox_id");
  const std::string host = slug + "." + target_.site().app_domain;
  variables_.Set(
      alias, Json{{"id", made["id"]}, {"slug", slug}, {"sandbox_id", sandbox_id}, {"host", host}});
  KnowTenant(host, sandbox_id);
  if (tenant.Find("agent") != nullptr || tenant.Find("boot") != nullptr)
    target_.PlanAgent(sandbox_id, PlanFrom(tenant, "agent"));
  for (const std::string& domain : Texts(tenant.Find("domains"))) {
    MG_TRY(put,
           Admin("PUT", "/tenants/" + slug + "/domains/" + PercentEncode(domain), Json::object()));
    static_cast<void>(put);
    KnowTenant(domain, sandbox_id);
  }
  for (const std::string& member : Texts(tenant.Find("members"))) {
    MG_TRY(put,
           Admin("PUT", "/tenants/" + slug + "/members/" + PercentEncode(member), Json::object()));
    static_cast<void>(put);
  }
  return MakeKeys(tenant, alias, slug);
}

void Execution::KnowTenant(const std::string& host, const std::string& sandbox_id) {
  tenants_[host] = sandbox_id;
  target_.KnowTenant(host, sandbox_id);
}

Status Execution::MakeKeys(const JsoncNode& tenant, const std::string& alias,
                           const std::string& slug) {
  const JsoncNode* keys = tenant.Find("keys");
  if (keys == nullptr) return Ok();
  for (const JsoncNode& key : keys->items) {
    const std::string name = TextOr(key, "as", "key");
    Json body{{"name", TextOr(key, "name", name)}};
    if (const JsoncNode* limit = key.Find("limit_per_minute")) {
      MG_TRY(value, Resolve(*limit, variables_));
      body["limit_per_minute"] = value;
    }
    MG_TRY(made, Admin("POST", "/tenants/" + slug + "/keys", body));
    variables_.Set(alias + "." + name, made["key"]);
    variables_.Set(alias + "." + name + "_id", made["id"]);
    keys_made_.push_back(StringAt(made, "key"));
  }
  return Ok();
}

Status Execution::AddFault(const JsoncNode& fault) {
  MG_TRY(rule, FaultRuleOf(fault, variables_));
  faults_[rule.id] = &fault;
  return target_.AddFault(rule);
}

// Tokens cost a signature, so one serves for a while, as a session does.
Result<std::string> Execution::TokenOf(const fake::Mint& mint) {
  const bool plain = fake::IsPlain(mint);
  const std::string who = mint.email + "|" + mint.common_name;
  const std::int64_t now_s = target_.runtime().Wall().seconds();
  {
    const Lock lock(mutex_);
    const auto kept = tokens_.find(who);
    if (plain && kept != tokens_.end() && now_s < kept->second.first) return kept->second.second;
  }
  MG_TRY(token, target_.Token(mint));
  const Lock lock(mutex_);
  if (plain) tokens_[who] = {now_s + kTokenReuseSeconds, token};
  return token;
}

// --- steps -------------------------------------------------------------------------------------

Execution::Checked Execution::Do(const Step& step) {
  Runtime& runtime = target_.runtime();
  const Instant gives_up = runtime.Now() + step.eventually.value_or(Nanos::zero());
  for (;;) {
    MG_TRY(wrong, DoOnce(step));
    if (!wrong) return wrong;
    wrong->name = step.name;
    if (!step.eventually || runtime.Now() >= gives_up) return wrong;
    runtime.SleepUntil(std::min(gives_up, runtime.Now() + kEventuallyPause));
  }
}

Execution::Checked Execution::DoOnce(const Step& step) {
  switch (step.kind) {
    case StepKind::kRequest:
    case StepKind::kChat:
      return DoRequest(step);
    case StepKind::kBurst:
      return DoBurst(step);
    case StepKind::kTogether:
      return DoTogether(step);
    case StepKind::kAdvance: {
      MG_TRY(text, ResolveText(*step.action, variables_));
      const Nanos duration = DurationOf(text).value_or(Nanos::zero());
      advanced_ += duration;
      MG_RETURN_IF_ERROR(target_.Advance(duration));
      return std::optional<Failure>();
    }
    case StepKind::kQuery:
      return DoQuery(step);
    case StepKind::kKv:
      return DoKv(step);
    case StepKind::kObject:
      return DoObject(step);
    case StepKind::kApi:
      return DoApi(step);
    case StepKind::kS3:
      return DoS3(step);
    case StepKind::kLog:
      return DoLog(step);
    case StepKind::kMetric:
      return DoMetric(step);
    case StepKind::kCalls:
      return DoCalls(step);
    case StepKind::kFaults:
      for (const JsoncNode& fault : step.action->items) MG_RETURN_IF_ERROR(AddFault(fault));
      return std::optional<Failure>();
    case StepKind::kRecover:
      return DoRecover(step);
    case StepKind::kStart:
      return DoStart(step);
    case StepKind::kRestart:
      MG_RETURN_IF_ERROR(target_.Restart(step.action->text == "drain"));
      return std::optional<Failure>();
    case StepKind::kRaw:
      return DoRaw(step);
  }
  return std::optional<Failure>();
}

Failure Execution::Wrong(const JsoncNode& at, std::string kind, std::string message) {
  Failure failure;
  failure.kind = std::move(kind);
  failure.message = std::move(message);
  failure.source = &SourceOf(at);
  failure.at = at.at;
  return failure;
}

// One failure for all the differences: the first has the caret, the others are notes.
std::optional<Failure> Execution::Compare(const JsoncNode& expected, const Json& actual,
                                          const std::string& kind, const std::string& what) {
  const Lock lock(mutex_);
  const auto differences = Match(expected, actual, variables_, target_.Lateness());
  if (differences.empty()) return std::nullopt;
  const Difference& first = differences.front();
  Failure failure;
  failure.kind = kind;
  failure.message = what + (first.path.empty() ? "" : " at " + first.path) + ": expected " +
                    first.expected + ", actual " + first.actual;
  failure.source = &SourceOf(expected);
  failure.at = first.at;
  failure.width = first.width;
  failure.actual = first.actual;
  for (std::size_t i = 1; i < differences.size(); ++i)
    failure.notes.push_back("also " + differences[i].path + ": expected " +
                            differences[i].expected + ", actual " + differences[i].actual);
  return failure;
}

Status Execution::Capture(const Step& step, const Json& value) {
  if (step.capture == nullptr) return Ok();
  for (const JsoncNode::Member& member : step.capture->members) {
    MG_TRY(found, Captured(member.value.text, value));
    const Lock lock(mutex_);
    variables_.Set(member.key, found);
  }
  return Ok();
}

}  // namespace mg::scenario
