#include "scenarios/run/scope.h"

#include <algorithm>
#include <map>
#include <set>

#include "scenarios/run/check_shape.h"
#include "scenarios/run/templates.h"

namespace mg::scenario {
namespace {

constexpr const char* kBuiltIn[] = {"app_domain", "operator_host",  "operator",
                                    "primary",    "fallback",       "free_model",
                                    "ai_gateway", "client_address", "seed"};

class Scope {
 public:
  Scope(const Scenario& scenario, std::vector<Problem>& problems)
      : scenario_(scenario), problems_(problems) {}

  void Check() {
    for (const char* name : kBuiltIn) known_.insert(name);
    for (const Step& step : scenario_.steps) NoteLater(step);
    for (const JsoncNode* vars : scenario_.vars) AddMembers(*vars);
    if (scenario_.instances.front().vars != nullptr) AddMembers(*scenario_.instances.front().vars);
    for (const JsoncNode* given : scenario_.given) AddTenants(*given);
    for (const JsoncNode* given : scenario_.given) CheckNode(*given, PathOf(*given));
    for (const JsoncNode* fault : scenario_.faults) CheckNode(*fault, PathOf(*fault));
    for (const Step& step : scenario_.steps) {
      CheckStep(step);
      AddCaptures(step);
    }
    if (scenario_.finally != nullptr) CheckNode(*scenario_.finally, scenario_.source().path);
  }

 private:
  void AddMembers(const JsoncNode& object) {
    for (const JsoncNode::Member& member : object.members) open_.insert(member.key);
  }

  void AddTenants(const JsoncNode& given) {
    const JsoncNode* tenants = given.Find("tenants");
    if (tenants == nullptr) return;
    for (const JsoncNode& tenant : tenants->items) {
      const JsoncNode* as = tenant.Find("as");
      const JsoncNode* slug = tenant.Find("slug");
      if (as == nullptr && slug == nullptr) continue;
      std::string alias = as != nullptr ? as->text : slug->text;
      std::replace(alias.begin(), alias.end(), '-', '_');
      for (const char* part : {".id", ".slug", ".sandbox_id", ".host"}) known_.insert(alias + part);
      const JsoncNode* keys = tenant.Find("keys");
      if (keys == nullptr) continue;
      for (const JsoncNode& key : keys->items) {
        const JsoncNode* name = key.Find("as");
        const std::string one = alias + "." + (name == nullptr ? "key" : name->text);
        known_.insert(one);
        known_.insert(one + "_id");
      }
    }
  }

  void NoteLater(const Step& step) {
    if (step.capture != nullptr)
      for (const JsoncNode::Member& member : step.capture->members)
        captured_at_.emplace(member.key, member.at.line);
    for (const Step& inner : step.together) NoteLater(inner);
  }

  void AddCaptures(const Step& step) {
    if (step.capture != nullptr) AddMembers(*step.capture);
    for (const Step& inner : step.together) AddCaptures(inner);
  }

  void CheckStep(const Step& step) {
    const std::string& path = step.source->path;
    if (step.kind != StepKind::kTogether && step.action != nullptr) CheckNode(*step.action, path);
    if (step.expect != nullptr) CheckNode(*step.expect, path);
    for (const Step& inner : step.together) CheckStep(inner);
  }

  void CheckNode(const JsoncNode& node, const std::string& path) {
    if (node.kind == JsoncNode::Kind::kString)
      for (const TemplatePart& part : TemplateParts(node.text))
        if (part.is_name) CheckName(part.text, node.at, path);
    for (const JsoncNode& item : node.items) CheckNode(item, path);
    for (const JsoncNode::Member& member : node.members) CheckNode(member.value, path);
  }

  // Variables of a file's own and captured values may be objects: only their first part is known.
  void CheckName(const std::string& name, TextPosition at, const std::string& path) {
    const std::string first = name.substr(0, name.find('.'));
    if (known_.count(name) != 0 || open_.count(first) != 0) return;
    const auto later = captured_at_.find(first);
    if (later != captured_at_.end()) {
      problems_.push_back({path, at,
                           "variable \"" + first + "\" is captured only later, at line " +
                               std::to_string(later->second)});
      return;
    }
    std::vector<std::string> names(known_.begin(), known_.end());
    names.insert(names.end(), open_.begin(), open_.end());
    problems_.push_back({path, at, "unknown variable \"" + name + "\"" + DidYouMean(name, names)});
  }

  static bool Contains(const JsoncNode& tree, const JsoncNode* node) {
    if (&tree == node) return true;
    const auto in = [node](const auto& one) { return Contains(one, node); };
    return std::any_of(tree.items.begin(), tree.items.end(), in) ||
           std::any_of(tree.members.begin(), tree.members.end(),
                       [&](const JsoncNode::Member& member) { return in(member.value); });
  }
  const std::string& PathOf(const JsoncNode& node) const {
    for (const auto& source : scenario_.sources)
      if (Contains(source->root, &node)) return source->path;
    return scenario_.source().path;
  }

  const Scenario& scenario_;
  std::vector<Problem>& problems_;
  std::set<std::string> known_;  // whole names
  std::set<std::string> open_;   // first parts of names that may have more
  std::map<std::string, int> captured_at_;
};

}  // namespace

void CheckTemplates(const Scenario& scenario, std::vector<Problem>& problems) {
  Scope(scenario, problems).Check();
}

}  // namespace mg::scenario
