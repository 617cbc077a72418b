#include "scenarios/run/options.h"

#include "core/base/json.h"
#include "fakes/access/knobs.h"
#include "fakes/ai/fixtures.h"
#include "fakes/ai/knobs_json.h"
#include "fakes/cloud_knobs.h"
#include "fakes/edge/settings_json.h"

namespace mg::scenario {

Status SetVariables(const Scenario& scenario, const Instance& instance, Variables& variables) {
  for (const JsoncNode* vars : scenario.vars) {
    for (const JsoncNode::Member& member : vars->members) {
      MG_TRY(value, Resolve(member.value, variables));
      variables.Set(member.key, value);
    }
  }
  if (instance.vars == nullptr) return Ok();
  for (const JsoncNode::Member& member : instance.vars->members) {
    MG_TRY(value, Resolve(member.value, variables));
    variables.Set(member.key, value);
  }
  return Ok();
}

Status ReadSettings(const JsoncNode& node, const Variables& variables, TargetOptions& options) {
  if (const JsoncNode* settings = node.Find("settings")) {
    for (const JsoncNode::Member& member : settings->members) {
      MG_TRY(value, Resolve(member.value, variables));
      if (value.is_null()) {
        options.settings[member.key] = "";
      } else {
        options.settings[member.key] =
            value.is_string() ? value.get<std::string>() : DumpJson(value);
      }
    }
  }
  if (const JsoncNode* missing = node.Find("missing"))
    for (const JsoncNode& item : missing->items) options.missing.insert(item.text);
  return Ok();
}

Status ReadGiven(const Scenario& scenario, const Instance& instance, TargetOptions& options) {
  Variables variables;
  MG_RETURN_IF_ERROR(SetVariables(scenario, instance, variables));
  for (const JsoncNode* given : scenario.given) {
    if (const JsoncNode* clock = given->Find("clock"))
      options.clock = ParseTime(clock->text).value_or(options.clock);
    if (const JsoncNode* network = given->Find("network"))
      options.network_one_way = DurationOf(network->text).value_or(Nanos::zero());
    if (const JsoncNode* ai = given->Find("ai")) {
      MG_TRY(knobs, Resolve(*ai, variables));
      MG_RETURN_IF_ERROR(fake::SetAiKnobs(knobs, options.ai));
    }
    if (const JsoncNode* edge = given->Find("edge")) {
      MG_TRY(settings, Resolve(*edge, variables));
      MG_RETURN_IF_ERROR(fake::SetEdgeSettings(settings, options.edge));
    }
    if (const JsoncNode* access = given->Find("access")) {
      MG_TRY(knobs, Resolve(*access, variables));
      MG_RETURN_IF_ERROR(fake::SetAccessKnobs(knobs, options.access));
    }
    for (const std::string_view part : fake::kCloudParts) {
      if (const JsoncNode* node = given->Find(part)) {
        MG_TRY(knobs, Resolve(*node, variables));
        MG_RETURN_IF_ERROR(fake::SetCloudKnobs(part, knobs, options.cloud));
      }
    }
    if (const JsoncNode* list = given->Find("replies")) {
      MG_TRY(json, Resolve(*list, variables));
      MG_TRY(replies, fake::FixturesFromJson(json));
      options.replies = std::move(replies);
    }
    MG_RETURN_IF_ERROR(ReadSettings(*given, variables, options));
  }
  return Ok();
}

}  // namespace mg::scenario
