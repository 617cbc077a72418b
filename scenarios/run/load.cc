#include <algorithm>
#include <filesystem>
#include <set>

#include "core/base/bytes.h"
#include "scenarios/run/scenario.h"
#include "scenarios/run/values.h"

namespace mg::scenario {
namespace {

struct KindWord {
  StepKind kind;
  std::string_view word;
};
constexpr KindWord kKinds[] = {
    {StepKind::kRequest, "request"}, {StepKind::kChat, "chat"},
    {StepKind::kBurst, "burst"},     {StepKind::kTogether, "together"},
    {StepKind::kAdvance, "advance"}, {StepKind::kQuery, "query"},
    {StepKind::kKv, "kv"},           {StepKind::kObject, "object"},
    {StepKind::kLog, "log"},         {StepKind::kCalls, "calls"},
    {StepKind::kFaults, "faults"},   {StepKind::kRecover, "recover"},
    {StepKind::kStart, "start"},     {StepKind::kRestart, "restart"},
    {StepKind::kRaw, "raw"},
};

std::vector<std::string> Texts(const JsoncNode* list) {
  std::vector<std::string> texts;
  if (list != nullptr)
    for (const JsoncNode& item : list->items) texts.push_back(item.text);
  return texts;
}

class Loader {
 public:
  explicit Loader(ReadFile read) : read_(read) {}

  Loaded Load(const std::string& path) {
    const Source* source = Read(path, path, {});
    if (source != nullptr) {
      const JsoncNode& root = source->root;
      scenario_.id = TextAt(root, "id");
      scenario_.title = TextAt(root, "title");
      scenario_.covers = Texts(root.Find("covers"));
      scenario_.tags = Texts(root.Find("tags"));
      scenario_.targets = Texts(root.Find("targets"));
      Include(*source);
      const JsoncNode* each = root.Find("each");
      if (each == nullptr) scenario_.instances.push_back({});
      for (std::size_t i = 0; each != nullptr && i < each->items.size(); ++i) {
        const std::string label = TextAt(each->items[i], "label");
        scenario_.instances.push_back(
            {"[" + (label.empty() ? std::to_string(i + 1) : label) + "]", &each->items[i]});
      }
      scenario_.finally = root.Find("finally");
    }
    Loaded loaded;
    loaded.problems = std::move(problems_);
    if (loaded.problems.empty()) loaded.scenario = std::move(scenario_);
    return loaded;
  }

 private:
  static std::string TextAt(const JsoncNode& node, std::string_view key) {
    const JsoncNode* found = node.Find(key);
    return found == nullptr ? "" : found->text;
  }

  const Source* Read(const std::string& path, const std::string& from, TextPosition at) {
    auto text = read_(path);
    if (!text) {
      problems_.push_back({from, at, text.error().message});
      return nullptr;
    }
    auto source = std::make_unique<Source>();
    source->path = path;
    source->text = *text;
    auto root = ParseJsonc(source->text, path);
    if (!root) {
      problems_.push_back({path, {}, root.error().message});
      return nullptr;
    }
    source->root = std::move(*root);
    scenario_.sources.push_back(std::move(source));
    return scenario_.sources.back().get();
  }

  void Include(const Source& source) {
    if (const JsoncNode* include = source.root.Find("include")) {
      for (const JsoncNode& item : include->items) {
        const auto path =
            (std::filesystem::path(source.path).parent_path() / item.text).lexically_normal();
        const Source* included = Read(path.string(), source.path, item.at);
        if (included != nullptr) Include(*included);
      }
    }
    const JsoncNode& root = source.root;
    if (const JsoncNode* vars = root.Find("vars")) scenario_.vars.push_back(vars);
    if (const JsoncNode* given = root.Find("given")) scenario_.given.push_back(given);
    if (const JsoncNode* faults = root.Find("faults"))
      for (const JsoncNode& fault : faults->items) scenario_.faults.push_back(&fault);
    if (const JsoncNode* steps = root.Find("steps"))
      for (const JsoncNode& step : steps->items) scenario_.steps.push_back(StepOf(source, step));
  }

  Step StepOf(const Source& source, const JsoncNode& node) {
    Step step;
    step.source = &source;
    step.at = node.at;
    step.name = TextAt(node, "name");
    for (const KindWord& kind : kKinds) {
      if (const JsoncNode* action = node.Find(kind.word)) {
        step.kind = kind.kind;
        step.action = action;
      }
    }
    if (step.action == nullptr)
      problems_.push_back({source.path, node.at, "a step without action"});
    step.expect = node.Find("expect");
    step.capture = node.Find("capture");
    if (const JsoncNode* eventually = node.Find("eventually"))
      step.eventually = DurationOf(eventually->text);
    if (step.kind == StepKind::kTogether && step.action != nullptr)
      for (const JsoncNode& inner : step.action->items)
        step.together.push_back(StepOf(source, inner));
    return step;
  }

  const ReadFile read_;
  Scenario scenario_;
  std::vector<Problem> problems_;
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

std::string ScenarioSchemaJson() {
  return "{}\n";
}

}  // namespace mg::scenario
