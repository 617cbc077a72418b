#include "core/base/json.h"
#include "scenarios/run/execution.h"

namespace mg::scenario {
namespace {

// Usage rows and the like arrive behind the answer: what stands in stores is asked for until then.
constexpr Nanos kSettles = std::chrono::seconds(10);
constexpr Nanos kPause = std::chrono::milliseconds(50);

}  // namespace

Execution::Checked Execution::Finally(const JsoncNode& finally) {
  if (const JsoncNode* rows = finally.Find("rows")) {
    MG_TRY(wrong, CheckRows(*rows));
    if (wrong) return std::move(wrong);
  }
  for (const bool of_kv : {true, false}) {
    const JsoncNode* values = finally.Find(of_kv ? "keys" : "objects");
    if (values == nullptr) continue;
    MG_TRY(wrong, CheckValues(*values, of_kv));
    if (wrong) return std::move(wrong);
  }
  if (const JsoncNode* calls = finally.Find("calls")) {
    MG_TRY(wrong, CheckCalls(*calls));
    if (wrong) return std::move(wrong);
  }
  if (const JsoncNode* log = finally.Find("log")) return CheckLog(*log);
  return std::optional<Failure>();
}

Execution::Checked Execution::CheckRows(const JsoncNode& rows) {
  Runtime& runtime = target_.runtime();
  const Instant gives_up = runtime.Now() + kSettles;
  for (const JsoncNode& table : rows.items) {
    for (;;) {
      MG_TRY(actual, RowsOf(table));
      auto wrong = Compare(*table.Find("rows"), actual, "row-mismatch", "rows");
      if (!wrong) break;
      if (runtime.Now() < gives_up) {
        runtime.SleepUntil(runtime.Now() + kPause);
        continue;
      }
      AddNearestRow(*table.Find("rows"), actual, *wrong);
      return wrong;
    }
  }
  return std::optional<Failure>();
}

// For the first expected row that no actual one equals: which comes nearest, and how near.
void Execution::AddNearestRow(const JsoncNode& expected, const Json& actual, Failure& failure) {
  for (const JsoncNode& row : expected.items) {
    std::size_t best = 0, best_at = 0;
    for (std::size_t i = 0; i < actual.size(); ++i) {
      const std::size_t equal = MatchingMembers(row, actual[i], variables_);
      if (equal < best) continue;
      best = equal;
      best_at = i;
    }
    if (best == row.members.size()) continue;
    failure.notes.push_back(actual.empty() ? "there are no rows"
                                           : "nearest row: number " + std::to_string(best_at + 1) +
                                                 ", equal in " + std::to_string(best) + " of " +
                                                 std::to_string(row.members.size()) +
                                                 " columns: " + Shown(actual[best_at]));
    return;
  }
}

Execution::Checked Execution::CheckValues(const JsoncNode& values, bool of_kv) {
  for (const JsoncNode::Member& member : values.members) {
    JsoncNode get;
    get.kind = JsoncNode::Kind::kObject;
    get.members.push_back({"get", member.at, {}});
    get.members.front().value.kind = JsoncNode::Kind::kString;
    get.members.front().value.text = member.key;
    MG_TRY(read, of_kv ? KvValue(get) : ObjectValue(get));
    // An absent one has no member, so that {"$absent": true} speaks of it.
    Json found = Json::object();
    const Json& value = read[of_kv ? "value" : "text"];
    if (!value.is_null()) found[member.key] = of_kv && read.contains("json") ? read["json"] : value;
    JsoncNode expected;
    expected.kind = JsoncNode::Kind::kObject;
    expected.at = member.at;
    expected.members.push_back(member);
    auto wrong = Compare(expected, found, of_kv ? "value-mismatch" : "object-mismatch",
                         of_kv ? "key" : "object");
    if (wrong) {
      wrong->source = &SourceOf(values);
      return wrong;
    }
  }
  return std::optional<Failure>();
}

Execution::Checked Execution::CheckCalls(const JsoncNode& calls) {
  for (const JsoncNode::Member& member : calls.members) {
    MG_TRY(list, Calls(member.key, ""));
    if (auto wrong = Compare(member.value, list, "calls-mismatch", member.key)) {
      wrong->notes.push_back("the calls: " + Shown(list));
      return wrong;
    }
  }
  return std::optional<Failure>();
}

Execution::Checked Execution::CheckLog(const JsoncNode& log) {
  for (const JsoncNode& event : log.items) {
    MG_TRY(lines, LogLines(event));
    const JsoncNode* count = event.Find("count");
    const Json found = lines["count"];
    if (count == nullptr) {
      if (found != 0) continue;
      return std::optional<Failure>(Wrong(event, "log-mismatch", "there is no such line"));
    }
    if (auto wrong = Compare(*count, found, "log-mismatch", "lines")) return wrong;
  }
  return std::optional<Failure>();
}

// A fault that did not do what the scenario says it does proves nothing.
Execution::Checked Execution::CheckFaults() {
  if (faults_.empty()) return std::optional<Failure>();
  MG_TRY(counts, target_.FaultCounts());
  for (const fake::FaultCount& count : counts) {
    const auto declared = faults_.find(count.id);
    if (declared == faults_.end()) continue;
    const JsoncNode* optional = declared->second->Find("optional");
    if (optional != nullptr && optional->boolean) continue;
    const bool enough = count.planned < 0 ? count.fired > 0 : count.fired >= count.planned;
    if (enough) continue;
    std::string text = "fault \"" + count.id + "\" fired " + std::to_string(count.fired) +
                       " times of " +
                       (count.planned < 0 ? "at least 1" : std::to_string(count.planned));
    if (count.bypassed > 0)
      text += "; " + std::to_string(count.bypassed) + " calls of that operation passed it by";
    return std::optional<Failure>(Wrong(*declared->second, "unfired-fault", std::move(text)));
  }
  return std::optional<Failure>();
}

}  // namespace mg::scenario
