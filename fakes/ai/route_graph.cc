#include "fakes/ai/route_graph.h"

#include <cmath>
#include <cstdlib>
#include <map>
#include <optional>

#include "core/base/json.h"
#include "fakes/ai/condition.h"
#include "fakes/ai/control_knobs.h"
#include "fakes/ai/gateway_config.h"

namespace mg::fake {
namespace {

using Kind = AiField::Kind;
using Type = AiRouteNode::Type;

constexpr auto kMust = AiField::Need::kRequired;
constexpr auto kMay = AiField::Need::kOptional;
constexpr std::int64_t kWhole = 10'000;  // hundredths of a percent
constexpr std::string_view kElse = "else";
constexpr std::string_view kMetadataRoot = "metadata.";

constexpr AiField kElementFields[] = {
    {"id", Kind::kText, kMust, false, 1, 128},
    {"type", Kind::kWord, kMust, false, 0, 0,
     "start|conditional|percentage|rate|rate_limit|model|end"},
    {"outputs", Kind::kObject},
    {"properties", Kind::kObject},
};
constexpr AiField kRateFields[] = {
    {"key", Kind::kText, kMust, false, 1, 128},
    {"limit", Kind::kNumber, kMust, false, 0, kMostDollars},
    {"limitType", Kind::kWord, kMust, false, 0, 0, "count|cost"},
    {"window", Kind::kWhole, kMay, false, 1, kMaxWindowSeconds},
    {"interval", Kind::kWhole, kMay, false, 1, kMaxWindowSeconds},
    {"technique", Kind::kWord, kMay, false, 0, 0, "fixed|sliding"},
};
constexpr AiField kModelFields[] = {
    {"provider", Kind::kText, kMust, false, 1, 64},
    {"model", Kind::kText, kMust, false, 1, 128},
    {"timeout", Kind::kWhole, kMust, false, 0, 3'600'000},
    {"retries", Kind::kWhole, kMust, false, 0, 5},
};

Type TypeOf(std::string_view word) {
  if (word == "start") return Type::kStart;
  if (word == "conditional") return Type::kConditional;
  if (word == "percentage") return Type::kPercentage;
  if (word == "rate" || word == "rate_limit") return Type::kRate;
  return word == "model" ? Type::kModel : Type::kEnd;
}

// "10%" and "10" in hundredths of a percent.
std::optional<std::int64_t> ShareOf(const std::string& key) {
  char* end = nullptr;
  const double percent = std::strtod(key.c_str(), &end);
  const std::string_view rest = end;
  if (end == key.c_str() || (!rest.empty() && rest != "%")) return std::nullopt;
  if (!std::isfinite(percent) || percent <= 0 || percent > 100) return std::nullopt;
  return std::llround(percent * 100);
}

class Builder {
 public:
  explicit Builder(std::vector<AiFieldProblem>& problems) : problems_(problems) {}

  std::shared_ptr<const AiRouteGraph> Build(const Json& elements) {
    fields_.Enter("elements");
    if (!elements.is_array() || elements.empty() || elements.size() > kMaxRouteElements) {
      fields_.Refuse(
          "", "Expected an array of 1 to " + std::to_string(kMaxRouteElements) + " elements");
    } else {
      ReadAll(elements);
    }
    if (fields_.ok()) CheckWhole();
    fields_.Leave();
    problems_.insert(problems_.end(), fields_.problems().begin(), fields_.problems().end());
    return fields_.ok() ? std::make_shared<const AiRouteGraph>(std::move(graph_)) : nullptr;
  }

 private:
  void ReadAll(const Json& elements) {
    for (std::size_t i = 0; i < elements.size(); ++i) {
      fields_.Enter(std::to_string(i));
      Json element{{"outputs", Json::object()}, {"properties", Json::object()}};
      fields_.Read(elements[i], kElementFields, element);
      const std::string id = StringAt(element, "id");
      if (!id.empty() && !places_.emplace(id, static_cast<int>(i)).second)
        fields_.Refuse("id", "Two elements have this id");
      elements_.push_back(std::move(element));
      fields_.Leave();
    }
    if (!fields_.ok()) return;
    for (std::size_t i = 0; i < elements_.size(); ++i) {
      fields_.Enter(std::to_string(i));
      graph_.nodes.push_back(NodeOf(elements_[i]));
      if (graph_.nodes.back().type == Type::kStart) {
        if (graph_.start != AiRouteNode::kNone) fields_.Refuse("type", "A route has one start");
        graph_.start = static_cast<int>(i);
      }
      fields_.Leave();
    }
  }

  AiRouteNode NodeOf(const Json& element) {
    AiRouteNode node;
    node.id = StringAt(element, "id");
    node.type = TypeOf(StringAt(element, "type"));
    const Json& outputs = element["outputs"];
    switch (node.type) {
      case Type::kStart:
        node.yes = Output(outputs, "next", true);
        break;
      case Type::kConditional:
        node.yes = Output(outputs, "true", true);
        node.no = Output(outputs, "false", true);
        ReadCondition(element["properties"], node);
        break;
      case Type::kPercentage:
        ReadShares(outputs, node);
        break;
      case Type::kRate:
      case Type::kModel:
        node.yes = Output(outputs, "success", true);
        node.no = Output(outputs, "fallback", false);
        node.type == Type::kRate ? ReadRate(element["properties"], node)
                                 : ReadModel(element["properties"], node);
        break;
      case Type::kEnd:
        break;
    }
    return node;
  }

  int Output(const Json& outputs, const std::string& name, bool required) {
    fields_.Enter("outputs");
    int place = AiRouteNode::kNone;
    if (const Json* output = Find(outputs, name)) {
      const auto found = places_.find(StringAt(*output, "elementId"));
      if (found != places_.end()) place = found->second;
      if (found == places_.end()) fields_.Refuse(name, "elementId names no element of this route");
    } else if (required) {
      fields_.Refuse(name, "Required");
    }
    fields_.Leave();
    return place;
  }

  void ReadCondition(const Json& properties, AiRouteNode& node) {
    fields_.Enter("properties");
    const Json* condition = Find(properties, "condition");
    if (condition == nullptr) condition = Find(properties, "conditions");
    if (condition == nullptr) {
      fields_.Refuse("condition", "Required");
    } else if (auto wrong = CheckCondition(*condition)) {
      fields_.Refuse("condition", std::move(*wrong));
    } else {
      node.condition = std::make_shared<const Json>(*condition);
    }
    fields_.Leave();
  }

  void ReadShares(const Json& outputs, AiRouteNode& node) {
    std::int64_t sum = 0;
    for (const auto& [key, output] : outputs.items()) {
      if (key == kElse) continue;
      const auto share = ShareOf(key);
      if (!share) {
        fields_.Refuse("outputs", "\"" + key.substr(0, 64) + "\" is no share such as \"10%\"");
        continue;
      }
      sum += *share;
      node.shares.emplace_back(*share, Output(outputs, key, true));
    }
    node.yes = Output(outputs, std::string(kElse), false);
    if (node.shares.size() > kMaxNamedShares) fields_.Refuse("outputs", "At most five shares");
    if (sum > kWhole) fields_.Refuse("outputs", "The shares are more than 100%");
    if (sum < kWhole && !outputs.contains(kElse))
      fields_.Refuse("outputs", "The shares are less than 100% and there is no else");
  }

  void ReadRate(const Json& properties, AiRouteNode& node) {
    fields_.Enter("properties");
    Json read = Json::object();
    fields_.Read(properties, kRateFields, read);
    const std::string key = StringAt(read, "key");
    if (key.compare(0, kMetadataRoot.size(), kMetadataRoot) == 0) {
      node.metadata_key = key.substr(kMetadataRoot.size());
    } else if (!key.empty()) {
      fields_.Refuse("key", "\"" + key + "\" is no field of metadata.*");
    }
    node.counts_cost = StringAt(read, "limitType") == "cost";
    node.sliding = StringAt(read, "technique") == "sliding";
    node.window_seconds = IntAt(read, "window", IntAt(read, "interval", 0));
    if (node.window_seconds == 0) fields_.Refuse("window", "Required");
    const double limit = read.contains("limit") ? read["limit"].get<double>() : 0;
    node.limit = node.counts_cost ? PicodollarsOf(limit) : static_cast<std::int64_t>(limit);
    fields_.Leave();
  }

  void ReadModel(const Json& properties, AiRouteNode& node) {
    fields_.Enter("properties");
    Json read = Json::object();
    fields_.Read(properties, kModelFields, read);
    node.provider = StringAt(read, "provider");
    node.model = StringAt(read, "model");
    node.timeout_ms = IntAt(read, "timeout", 0);
    node.tries = IntAt(read, "retries", 0) + 1;
    fields_.Leave();
  }

  void CheckWhole() {
    if (graph_.start == AiRouteNode::kNone) return fields_.Refuse("", "A route needs a start");
    std::vector<State> states(graph_.nodes.size(), State::kNew);
    if (HasCircle(graph_.start, states)) fields_.Refuse("", "The route runs in a circle");
  }

  enum class State { kNew, kOpen, kDone };
  // Depth is at most kMaxRouteElements.
  bool HasCircle(int place, std::vector<State>& states) const {
    if (place == AiRouteNode::kNone) return false;
    State& state = states[static_cast<std::size_t>(place)];
    if (state != State::kNew) return state == State::kOpen;
    state = State::kOpen;
    const AiRouteNode& node = graph_.nodes[static_cast<std::size_t>(place)];
    bool found = HasCircle(node.yes, states) || HasCircle(node.no, states);
    for (const auto& [share, next] : node.shares) found = found || HasCircle(next, states);
    state = State::kDone;
    return found;
  }

  std::vector<AiFieldProblem>& problems_;
  AiFieldReader fields_;
  std::vector<Json> elements_;
  std::map<std::string, int, std::less<>> places_;
  AiRouteGraph graph_;
};

}  // namespace

std::shared_ptr<const AiRouteGraph> ReadRouteGraph(const Json& elements,
                                                   std::vector<AiFieldProblem>& problems) {
  return Builder(problems).Build(elements);
}

}  // namespace mg::fake
