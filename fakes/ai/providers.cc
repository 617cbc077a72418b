#include "fakes/ai/providers.h"

#include <algorithm>
#include <utility>

#include "core/base/json.h"
#include "fakes/ai/control_knobs.h"

namespace mg::fake {
namespace {

constexpr std::string_view kConfigs = "provider_configs";
constexpr std::string_view kCustoms = "custom_providers";

bool Has(const Json& document, std::string_view name, std::string_view value) {
  const Json* member = Find(document, name);
  return member != nullptr && member->is_string() && member->get_ref<const std::string&>() == value;
}

}  // namespace

AiProviders::AiProviders(AiDocuments& documents) : documents_(documents) {
  Load();
}

void AiProviders::Load() {
  for (auto& [scope, list] : {std::pair{kConfigs, &configs_}, std::pair{kCustoms, &customs_}})
    for (const std::string& text : documents_.Load(scope))
      if (auto document = ParseJson(text))
        list->push_back(std::make_shared<const Json>(std::move(*document)));
}

AiKept AiProviders::AddConfig(Json document) {
  const std::string gateway = StringAt(document, "gateway_id");
  Lock lock(mutex_);
  std::size_t of_gateway = 0;
  for (const Document& other : configs_) {
    if (!Has(*other, "gateway_id", gateway)) continue;
    ++of_gateway;
    if (Has(*other, "provider_slug", StringAt(document, "provider_slug")) &&
        Has(*other, "alias", StringAt(document, "alias")))
      return AiKept::kExists;
  }
  if (of_gateway >= kMaxProviderConfigs) return AiKept::kFull;
  if (!documents_.Put(kConfigs, StringAt(document, "id"), DumpJson(document)))
    return AiKept::kFailed;
  configs_.push_back(std::make_shared<const Json>(std::move(document)));
  return AiKept::kYes;
}

std::vector<AiProviders::Document> AiProviders::Configs(std::string_view gateway) const {
  std::vector<Document> list;
  Lock lock(mutex_);
  for (const Document& config : configs_)
    if (Has(*config, "gateway_id", gateway)) list.push_back(config);
  return list;
}

void AiProviders::Forget(std::string_view gateway) {
  Lock lock(mutex_);
  const auto of_gateway = [&](const Document& config) {
    if (!Has(*config, "gateway_id", gateway)) return false;
    documents_.Delete(kConfigs, StringAt(*config, "id"));
    return true;
  };
  configs_.erase(std::remove_if(configs_.begin(), configs_.end(), of_gateway), configs_.end());
}

std::string AiProviders::KeyDigest(std::string_view gateway, std::string_view provider,
                                   std::string_view alias) const {
  for (const Document& config : Configs(gateway)) {
    if (!Has(*config, "provider_slug", provider)) continue;
    const Json* is_default = Find(*config, "default_config");
    const bool wanted =
        alias.empty() ? is_default != nullptr && *is_default == true : Has(*config, "alias", alias);
    if (wanted) return StringAt(*config, "secret_sha256");
  }
  return "";
}

AiError AiProviders::NoSuchKey(std::string_view gateway, std::string_view provider,
                               std::string_view alias) const {
  std::string aliases;
  for (const Document& config : Configs(gateway))
    if (Has(*config, "provider_slug", provider))
      aliases.append(aliases.empty() ? "" : ", ").append(StringAt(*config, "alias"));
  return KnownAiError(2040, "Provider '" + std::string(provider) +
                                "' has no BYOK credential named '" + std::string(alias) +
                                "'. Configured aliases: " + (aliases.empty() ? "none" : aliases));
}

AiKept AiProviders::AddCustom(Json document) {
  const std::string slug = StringAt(document, "slug");
  Lock lock(mutex_);
  const auto taken = [&](const Document& other) { return Has(*other, "slug", slug); };
  if (std::any_of(customs_.begin(), customs_.end(), taken)) return AiKept::kExists;
  if (customs_.size() >= kMaxCustomProviders) return AiKept::kFull;
  if (!documents_.Put(kCustoms, StringAt(document, "id"), DumpJson(document)))
    return AiKept::kFailed;
  customs_.push_back(std::make_shared<const Json>(std::move(document)));
  return AiKept::kYes;
}

AiKept AiProviders::DeleteCustom(std::string_view id, Document& gone) {
  Lock lock(mutex_);
  const auto found = std::find_if(customs_.begin(), customs_.end(),
                                  [&](const Document& one) { return Has(*one, "id", id); });
  if (found == customs_.end()) return AiKept::kMissing;
  if (!documents_.Delete(kCustoms, id)) return AiKept::kFailed;
  gone = std::move(*found);
  customs_.erase(found);
  return AiKept::kYes;
}

AiProviders::Document AiProviders::FindCustom(std::string_view id) const {
  for (Document& one : Customs())
    if (Has(*one, "id", id)) return std::move(one);
  return nullptr;
}

bool AiProviders::HasCustomSlug(std::string_view slug) const {
  const auto customs = Customs();
  return std::any_of(customs.begin(), customs.end(),
                     [&](const Document& one) { return Has(*one, "slug", slug); });
}

std::vector<AiProviders::Document> AiProviders::Customs() const {
  Lock lock(mutex_);
  return customs_;
}

void AiProviders::Reset() {
  Lock lock(mutex_);
  configs_.clear();
  customs_.clear();
  Load();
}

}  // namespace mg::fake
