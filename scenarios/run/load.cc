#include <algorithm>
#include <filesystem>
#include <set>

#include "core/base/bytes.h"
#include "scenarios/run/check_shape.h"
#include "scenarios/run/scenario.h"
#include "scenarios/run/scope.h"
#include "scenarios/run/source.h"
#include "scenarios/run/values.h"

namespace mg::scenario {
namespace {

constexpr std::string_view kSuffix = ".scenario.jsonc";

struct KindWord {
  StepKind kind;
  std::string_view word;
};
constexpr KindWord kKinds[] = {
    {StepKind::kRequest, "request"}, {StepKind::kChat, "chat"},
    {StepKind::kBurst, "burst"},     {StepKind::kTogether, "together"},
    {StepKind::kAdvance, "advance"}, {StepKind::kQuery, "query"},
    {StepKind::kKv, "kv"},           {StepKind::kObject, "object"},
    {StepKind::kApi, "api"},         {StepKind::kS3, "s3"},
    {StepKind::kLog, "log"},         {StepKind::kMetric, "metric"},
    {StepKind::kCalls, "calls"},     {StepKind::kFaults, "faults"},
    {StepKind::kRecover, "recover"}, {StepKind::kStart, "start"},
    {StepKind::kRestart, "restart"}, {StepKind::kRaw, "raw"},
};

constexpr const char* kEffects[] = {"delay",       "hang",      "status",       "body",
                                    "reset",       "stale",     "certs",        "truncate_after",
                                    "stall_after", "malformed", "content_type", "then"};

std::string TextAt(const JsoncNode& node, std::string_view key) {
  const JsoncNode* found = node.Find(key);
  return found == nullptr ? "" : found->text;
}

std::vector<std::string> Texts(const JsoncNode* list) {
  std::vector<std::string> texts;
  if (list != nullptr)
    for (const JsoncNode& item : list->items) texts.push_back(item.text);
  return texts;
}

// Only what reads may be repeated until it is true.
bool IsRead(const Step& step) {
  const JsoncNode& action = *step.action;
  switch (step.kind) {
    case StepKind::kQuery:
    case StepKind::kLog:
    case StepKind::kMetric:
    case StepKind::kCalls:
      return true;
    case StepKind::kKv:
    case StepKind::kObject:
      return action.Find("get") != nullptr;
    case StepKind::kApi:
    case StepKind::kS3:
    case StepKind::kRequest: {
      const std::string method = TextAt(action, "method");
      const bool body = action.Find("json") || action.Find("text") || action.Find("base64");
      return method == "GET" || method == "HEAD" || (method.empty() && !body);
    }
    default:
      return false;
  }
}

class Loader {
 public:
  explicit Loader(ReadFile read) : read_(read) {}

  Loaded Load(const std::string& path) {
    if (const Source* source = Read(path, path, {})) {
      CheckShape(*source, ScenarioShape(), "a scenario");
      if (problems_.empty()) {
        ReadRoot(*source);
      } else if (const JsoncNode* steps = source->root.Find("steps")) {
        for (const JsoncNode& step : steps->items) StepOf(*source, step, false);  // their problems
      }
      if (problems_.empty() && scenario_.steps.empty())
        problems_.push_back({path, source->root.at, "a scenario needs \"steps\": in order"});
      if (problems_.empty()) CheckTemplates(scenario_, problems_);
    }
    Loaded loaded;
    loaded.problems = std::move(problems_);
    if (loaded.problems.empty()) loaded.scenario = std::move(scenario_);
    return loaded;
  }

 private:
  const Source* Read(const std::string& path, const std::string& from, TextPosition at) {
    auto source = ReadSource(path, from, at, read_, problems_);
    if (!source) return nullptr;
    scenario_.sources.push_back(std::move(source));
    return scenario_.sources.back().get();
  }

  void CheckShape(const Source& source, const Shape& shape, const std::string& what) {
    ShapeChecker(source.path, problems_).Check(source.root, shape, what);
  }

  void ReadRoot(const Source& source) {
    const JsoncNode& root = source.root;
    scenario_.id = TextAt(root, "id");
    scenario_.title = TextAt(root, "title");
    scenario_.covers = Texts(root.Find("covers"));
    scenario_.tags = Texts(root.Find("tags"));
    scenario_.targets = Texts(root.Find("targets"));
    scenario_.finally = root.Find("finally");
    const std::string file = std::filesystem::path(source.path).filename().string();
    if (file != scenario_.id + std::string(kSuffix))
      problems_.push_back(
          {source.path, root.Find("id")->at,
           "\"id\" must be the file's name: \"" + file.substr(0, file.find(kSuffix)) + "\""});
    ReadInstances(source);
    ReadParts(source);
  }

  void ReadInstances(const Source& source) {
    const JsoncNode* each = source.root.Find("each");
    if (each == nullptr) return scenario_.instances.push_back({});
    const auto keys = [](const JsoncNode& row) {
      std::set<std::string> names;
      for (const JsoncNode::Member& member : row.members) names.insert(member.key);
      return names;
    };
    for (std::size_t i = 0; i < each->items.size(); ++i) {
      const JsoncNode& row = each->items[i];
      if (keys(row) != keys(each->items.front()))
        problems_.push_back({source.path, row.at, "every row of \"each\" needs the same keys"});
      const std::string label = TextAt(row, "label");
      scenario_.instances.push_back(
          {"[" + (label.empty() ? std::to_string(i + 1) : label) + "]", &row});
    }
  }

  // What a file shares with those that it includes; they come first.
  void ReadParts(const Source& source) {
    const JsoncNode& root = source.root;
    if (const JsoncNode* include = root.Find("include"))
      for (const JsoncNode& item : include->items) Include(source, item);
    if (const JsoncNode* vars = root.Find("vars")) scenario_.vars.push_back(vars);
    if (const JsoncNode* given = root.Find("given")) scenario_.given.push_back(given);
    if (const JsoncNode* faults = root.Find("faults"))
      for (const JsoncNode& fault : faults->items) AddFault(source, fault);
    if (const JsoncNode* steps = root.Find("steps"))
      for (const JsoncNode& step : steps->items)
        scenario_.steps.push_back(StepOf(source, step, false));
  }

  void Include(const Source& from, const JsoncNode& item) {
    const std::string path =
        (std::filesystem::path(from.path).parent_path() / item.text).lexically_normal().string();
    const bool again = std::any_of(scenario_.sources.begin(), scenario_.sources.end(),
                                   [&](const auto& source) { return source->path == path; });
    if (again)
      return problems_.push_back({from.path, item.at, "\"" + item.text + "\" is included already"});
    const Source* included = Read(path, from.path, item.at);
    if (included == nullptr) return;
    const std::size_t before = problems_.size();
    CheckShape(*included, IncludeShape(), "an included file");
    if (problems_.size() == before) ReadParts(*included);
  }

  void AddFault(const Source& source, const JsoncNode& fault) {
    CheckFault(source, fault);
    scenario_.faults.push_back(&fault);
  }

  void CheckFault(const Source& source, const JsoncNode& fault) {
    const std::string id = TextAt(fault, "id");
    if (!fault_ids_.insert(id).second)
      problems_.push_back({source.path, fault.at, "there is a fault \"" + id + "\" already"});
    for (const char* effect : kEffects)
      if (fault.Find(effect) != nullptr) return;
    problems_.push_back(
        {source.path, fault.at,
         "fault \"" + id +
             "\" does nothing; add one of delay, hang, status, body, "
             "reset, stale, truncate_after, stall_after, malformed, content_type, then"});
  }

  Step StepOf(const Source& source, const JsoncNode& node, bool inner) {
    Step step;
    step.source = &source;
    step.at = node.at;
    ShapeChecker checker(source.path, problems_);
    const std::size_t before = problems_.size();
    checker.Check(node, StepShape(), "a step");
    if (problems_.size() != before) return step;
    step.name = TextAt(node, "name");
    if (!FindAction(node, checker, step)) return step;
    step.expect = node.Find("expect");
    step.capture = node.Find("capture");
    const std::string word(StepWord(step.kind));
    if (step.expect != nullptr) checker.Check(*step.expect, ExpectShape(word), "expect of " + word);
    if (step.kind == StepKind::kFaults)
      for (const JsoncNode& fault : step.action->items) CheckFault(source, fault);
    if (step.kind == StepKind::kBurst &&
        (step.action->Find("request") == nullptr) == (step.action->Find("chat") == nullptr))
      checker.Add(step.action->at, "a burst needs either \"request\" or \"chat\"");
    if (const JsoncNode* eventually = node.Find("eventually")) {
      step.eventually = DurationOf(eventually->text);
      if (!IsRead(step))
        checker.Add(eventually->at,
                    "only reads are repeated: \"eventually\" does not go with "
                    "this step");
    }
    if (const JsoncNode* after = node.Find("after")) {
      step.after = DurationOf(after->text).value_or(Nanos::zero());
      if (!inner) checker.Add(after->at, "\"after\" stands in steps of \"together\" alone");
    }
    if (step.kind == StepKind::kTogether) {
      if (inner) checker.Add(node.at, "\"together\" does not stand inside another");
      for (const JsoncNode& one : step.action->items)
        step.together.push_back(StepOf(source, one, true));
    }
    return step;
  }

  static bool FindAction(const JsoncNode& node, ShapeChecker& checker, Step& step) {
    for (const JsoncNode::Member& member : node.members) {
      const auto* kind = std::find_if(std::begin(kKinds), std::end(kKinds),
                                      [&](const KindWord& one) { return one.word == member.key; });
      if (kind == std::end(kKinds)) continue;
      if (step.action != nullptr) {
        checker.Add(member.at, "a step has one action, but this one has \"" +
                                   std::string(StepWord(step.kind)) + "\" and \"" + member.key +
                                   "\"");
        return false;
      }
      step.kind = kind->kind;
      step.action = &member.value;
    }
    if (step.action == nullptr)
      checker.Add(node.at, "a step needs an action, such as \"request\" or \"advance\"");
    return step.action != nullptr;
  }

  const ReadFile read_;
  Scenario scenario_;
  std::vector<Problem> problems_;
  std::set<std::string> fault_ids_;
};

}  // namespace

std::string_view StepWord(StepKind kind) {
  for (const KindWord& one : kKinds)
    if (one.kind == kind) return one.word;
  return "";
}

std::string ProblemText(const Problem& problem) {
  return problem.path + ":" + std::to_string(problem.at.line) + ":" +
         std::to_string(problem.at.column) + ": " + problem.message;
}

Loaded LoadScenario(const std::string& path, ReadFile read) {
  return Loader(read).Load(path);
}

}  // namespace mg::scenario
