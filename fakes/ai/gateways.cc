#include "fakes/ai/gateways.h"

#include <algorithm>
#include <utility>

#include "core/base/json.h"
#include "core/base/utc.h"
#include "fakes/ai/control_knobs.h"
#include "fakes/ai/gateway_body.h"
#include "fakes/ai/knobs.h"

namespace mg::fake {
namespace {

constexpr std::string_view kScope = "gateways";

// UNCONFIRMED: of its members only those that kGatewayFields requires.
Json OpenedByDefault() {
  return Json{
      {"cache_invalidate_on_update", false}, {"cache_ttl", 0},           {"collect_logs", true},
      {"rate_limiting_interval", 0},         {"rate_limiting_limit", 0}, {"authentication", true}};
}

}  // namespace

AiGateways::AiGateways(std::string own_id, AiDocuments& documents, Runtime& runtime)
    : own_id_(std::move(own_id)), documents_(documents), runtime_(runtime) {
  Load();
}

void AiGateways::Load() {
  for (const std::string& text : documents_.Load(kScope)) {
    auto document = ParseJson(text);
    if (document)
      gateways_.push_back(std::make_shared<const AiGatewayConfig>(
          GatewayConfigOf(std::make_shared<const Json>(std::move(*document)))));
  }
  if (Place(own_id_) != nullptr) return;
  AiGatewayBody own = ReadGatewayBody(OpenedByDefault(), nullptr);
  Add(Stamped(own_id_, std::move(*own.document), ""));
}

AiGateways::Config AiGateways::Stamped(std::string_view id, Json document,
                                       std::string_view created_at) const {
  const std::string now = UtcText(runtime_.Wall().ms);
  document["id"] = id;
  document["is_default"] = id == kDefaultGatewayId;
  document["created_at"] = created_at.empty() ? std::string_view(now) : created_at;
  document["modified_at"] = now;
  return std::make_shared<const AiGatewayConfig>(
      GatewayConfigOf(std::make_shared<const Json>(std::move(document))));
}

AiGateways::Config* AiGateways::Place(std::string_view id) {
  const auto found = std::find_if(gateways_.begin(), gateways_.end(),
                                  [&](const Config& config) { return config->id == id; });
  return found == gateways_.end() ? nullptr : &*found;
}

AiKept AiGateways::Add(Config config) {
  if (!documents_.Put(kScope, config->id, DumpJson(*config->document))) return AiKept::kFailed;
  gateways_.push_back(std::move(config));
  return AiKept::kYes;
}

AiGateways::Config AiGateways::Find(std::string_view id) const {
  Lock lock(mutex_);
  for (const Config& config : gateways_)
    if (config->id == id) return config;
  return nullptr;
}

AiGateways::Config AiGateways::FindOrMakeDefault(std::string_view id) {
  Config found = Find(id);
  if (found != nullptr || id != kDefaultGatewayId) return found;
  AiGatewayBody opened = ReadGatewayBody(OpenedByDefault(), nullptr);
  static_cast<void>(Create(id, std::move(*opened.document), found));
  return found == nullptr ? Find(id) : found;
}

std::vector<AiGateways::Config> AiGateways::List() const {
  Lock lock(mutex_);
  return gateways_;
}

bool AiGateways::AnyIsGuarded() const {
  Lock lock(mutex_);
  return std::any_of(gateways_.begin(), gateways_.end(),
                     [](const Config& config) { return !config->guardrails.empty(); });
}

AiKept AiGateways::Create(std::string_view id, Json document, Config& kept) {
  Config made = Stamped(id, std::move(document), "");
  Lock lock(mutex_);
  if (Place(id) != nullptr) return AiKept::kExists;
  if (gateways_.size() >= kMaxGateways) return AiKept::kFull;
  kept = made;
  return Add(std::move(made));
}

AiKept AiGateways::Replace(std::string_view id, Json document, Config& kept) {
  Lock lock(mutex_);
  Config* place = Place(id);
  if (place == nullptr) return AiKept::kMissing;
  Config made = Stamped(id, std::move(document), StringAt(*(*place)->document, "created_at"));
  if (!documents_.Put(kScope, id, DumpJson(*made->document))) return AiKept::kFailed;
  *place = kept = std::move(made);
  return AiKept::kYes;
}

AiKept AiGateways::Delete(std::string_view id) {
  Lock lock(mutex_);
  Config* place = Place(id);
  if (place == nullptr) return AiKept::kMissing;
  if (!documents_.Delete(kScope, id)) return AiKept::kFailed;
  gateways_.erase(gateways_.begin() + (place - gateways_.data()));
  return AiKept::kYes;
}

void AiGateways::Reset() {
  Lock lock(mutex_);
  gateways_.clear();
  Load();
}

}  // namespace mg::fake
