#include "fakes/ai/route_walk.h"

#include <utility>

#include "core/base/json.h"
#include "fakes/ai/condition.h"
#include "fakes/ai/limits.h"

namespace mg::fake {
namespace {

constexpr std::uint64_t kWhole = 10'000;  // hundredths of a percent
constexpr char kSeparator = '\x1f';

}  // namespace

AiRouteWalk::AiRouteWalk(std::shared_ptr<const AiRouteGraph> graph, std::string scope,
                         std::shared_ptr<const Json> metadata, AiWindows& windows, Runtime& runtime,
                         Random& random)
    : graph_(std::move(graph)),
      scope_(std::move(scope)),
      metadata_(std::move(metadata)),
      windows_(windows),
      runtime_(runtime),
      random_(random),
      at_(graph_->start) {}

const AiRouteNode* AiRouteWalk::Next() {
  while (at_ != AiRouteNode::kNone) {  // ends: a graph has no circle
    const AiRouteNode& node = graph_->nodes[static_cast<std::size_t>(at_)];
    switch (node.type) {
      case AiRouteNode::Type::kModel:
        return &node;
      case AiRouteNode::Type::kStart:
        at_ = node.yes;
        break;
      case AiRouteNode::Type::kConditional:
        at_ = Holds(*node.condition, *metadata_) ? node.yes : node.no;
        break;
      case AiRouteNode::Type::kPercentage:
        at_ = PastShares(node);
        break;
      case AiRouteNode::Type::kRate:
        at_ = PastRate(node);
        break;
      case AiRouteNode::Type::kEnd:
        at_ = AiRouteNode::kNone;
        break;
    }
  }
  return nullptr;
}

void AiRouteWalk::Report(bool answered) {
  const AiRouteNode& node = graph_->nodes[static_cast<std::size_t>(at_)];
  at_ = answered ? node.yes : node.no;
}

int AiRouteWalk::PastShares(const AiRouteNode& node) {
  auto drawn = static_cast<std::int64_t>(random_.Below(kWhole));
  for (const auto& [share, next] : node.shares) {
    if (drawn < share) return next;
    drawn -= share;
  }
  return node.yes;
}

// A call without the key passes uncounted, as with spend limits.
int AiRouteWalk::PastRate(const AiRouteNode& node) {
  const auto value = MetadataText(*metadata_, node.metadata_key);
  if (!value) return node.yes;
  const std::string counter = scope_ + kSeparator + node.id + kSeparator + *value;
  const AiWindow window{node.window_seconds * 1000, node.sliding, node.limit};
  const std::int64_t now_ms = runtime_.Wall().ms;
  if (!node.counts_cost) return windows_.TakeOne(counter, window, now_ms) ? node.yes : node.no;
  if (windows_.IsFull(counter, window, now_ms)) return node.no;
  budgets_.emplace_back(counter, window);
  return node.yes;
}

void AiRouteWalk::Book(std::int64_t picodollars, const AiQuirks& quirks) {
  const std::int64_t now_ms = runtime_.Wall().ms;
  for (const auto& [counter, window] : budgets_)
    windows_.Add(counter, window, picodollars, now_ms, now_ms + Ms(quirks.spend_lag));
}

}  // namespace mg::fake
