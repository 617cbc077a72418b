#include "scenarios/run/needs.h"

#include <algorithm>

namespace mg::scenario {
namespace {

class Needs {
 public:
  void Add(Need need, std::string_view detail = "") {
    std::string text(NeedWord(need));
    if (!detail.empty()) text.append(":").append(detail);
    const auto same = [&](const NeedOf& other) { return other.text == text; };
    if (std::none_of(found_.begin(), found_.end(), same)) found_.push_back({need, std::move(text)});
  }

  void OfFault(const JsoncNode& fault) {
    const JsoncNode* on = fault.Find("on");
    const std::string_view what = on == nullptr ? std::string_view() : on->text;
    if (what.substr(0, 6) == "agent." || what.substr(0, 8) == "sandbox.") return Add(Need::kAgents);
    Add(Need::kFaults, what.substr(0, what.find('.')));
  }

  void OfGiven(const JsoncNode& given) {
    if (given.Find("settings") != nullptr || given.Find("missing") != nullptr) Add(Need::kSettings);
    if (given.Find("clock") != nullptr) Add(Need::kCalendar);
    if (given.Find("network") != nullptr) Add(Need::kNetwork);
    if (given.Find("ai") != nullptr || given.Find("replies") != nullptr) Add(Need::kFaults, "ai");
    if (given.Find("edge") != nullptr) Add(Need::kFaults, "edge");
    if (given.Find("access") != nullptr) Add(Need::kFaults, "access");
    for (const char* part : {"api", "kv", "d1"})
      if (given.Find(part) != nullptr) Add(Need::kFaults, part);
    if (given.Find("agent") != nullptr) Add(Need::kAgents);
    const JsoncNode* tenants = given.Find("tenants");
    if (tenants == nullptr) return;
    for (const JsoncNode& tenant : tenants->items)
      if (tenant.Find("agent") != nullptr || tenant.Find("boot") != nullptr) Add(Need::kAgents);
    for (const JsoncNode& tenant : tenants->items)
      if (tenant.Find("domains") != nullptr) Add(Need::kDomains);
  }

  void OfCall(const JsoncNode& call) {
    if (call.Find("from") != nullptr) Add(Need::kAddresses);
    const JsoncNode* as = call.Find("as");
    if (call.Find("token") != nullptr || (as != nullptr && as->text != "operator"))
      Add(Need::kIdentities);
    const JsoncNode* listener = call.Find("listener");
    if (listener != nullptr && listener->text == "internal") Add(Need::kInternal);
    if (listener != nullptr && listener->text == "team") Add(Need::kIdentities);
  }

  void OfStep(const Step& step) {
    switch (step.kind) {
      case StepKind::kRequest:
      case StepKind::kChat:
        return OfCall(*step.action);
      case StepKind::kBurst:
        for (const char* word : {"request", "chat"})
          if (const JsoncNode* call = step.action->Find(word)) OfCall(*call);
        return;
      case StepKind::kTogether:
        for (const Step& inner : step.together) OfStep(inner);
        return;
      case StepKind::kAdvance:
        return Add(Need::kClock);
      case StepKind::kQuery:
      case StepKind::kKv:
      case StepKind::kObject:
      case StepKind::kApi:
      case StepKind::kS3:
        return Add(Need::kState);
      case StepKind::kLog:
        return Add(Need::kLog);
      case StepKind::kMetric:
        return Add(Need::kMetrics);
      case StepKind::kCalls:
        return Add(Need::kJournal);
      case StepKind::kFaults:
        for (const JsoncNode& fault : step.action->items) OfFault(fault);
        return;
      case StepKind::kRecover:
        return Add(Need::kFaults);
      case StepKind::kStart:
        return Add(Need::kStart);
      case StepKind::kRestart:
        return Add(Need::kRestart);
      case StepKind::kRaw:
        return Add(Need::kBytes);
    }
  }

  void OfFinally(const JsoncNode& finally) {
    if (finally.Find("calls") != nullptr) Add(Need::kJournal);
    if (finally.Find("log") != nullptr) Add(Need::kLog);
    for (const char* word : {"rows", "keys", "objects"})
      if (finally.Find(word) != nullptr) Add(Need::kState);
  }

  std::vector<NeedOf> Take() { return std::move(found_); }

 private:
  std::vector<NeedOf> found_;
};

}  // namespace

std::string_view NeedWord(Need need) {
  switch (need) {
    case Need::kFaults:
      return "fault";
    case Need::kClock:
      return "clock";
    case Need::kNetwork:
      return "network";
    case Need::kState:
      return "state";
    case Need::kJournal:
      return "journal";
    case Need::kLog:
      return "log";
    case Need::kMetrics:
      return "metrics";
    case Need::kIdentities:
      return "identities";
    case Need::kSettings:
      return "settings";
    case Need::kAgents:
      return "agents";
    case Need::kRestart:
      return "restart";
    case Need::kStart:
      return "start";
    case Need::kAddresses:
      return "client addresses";
    case Need::kCalendar:
      return "calendar";
    case Need::kInternal:
      return "internal listener";
    case Need::kBytes:
      return "sockets";
    case Need::kDomains:
      return "domains";
  }
  return "";
}

std::vector<NeedOf> NeedsOf(const Scenario& scenario) {
  Needs needs;
  for (const JsoncNode* given : scenario.given) needs.OfGiven(*given);
  for (const JsoncNode* fault : scenario.faults) needs.OfFault(*fault);
  for (const Step& step : scenario.steps) needs.OfStep(step);
  if (scenario.finally != nullptr) needs.OfFinally(*scenario.finally);
  return needs.Take();
}

}  // namespace mg::scenario
