// Keys of providers that a gateway stores (BYOK), and providers of the account's own; kept with the
// state, keys as digests alone (wire/ai-gateway.md 6).
//
// Thread-safety: all members.
#pragma once
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/json_fwd.h"
#include "core/ports/runtime.h"
#include "fakes/ai/documents.h"
#include "fakes/ai/errors.h"
#include "fakes/ai/gateways.h"

namespace mg::fake {

class AiProviders {
 public:
  using Document = std::shared_ptr<const Json>;  // immutable

  explicit AiProviders(AiDocuments& documents);

  // Provider configurations, each with `gateway_id`, `provider_slug`, `alias`, `default_config` and
  // `secret_sha256`. kExists: the provider has one of this alias.
  AiKept AddConfig(Json document);
  std::vector<Document> Configs(std::string_view gateway) const;  // oldest first
  void Forget(std::string_view gateway);

  // The digest of the key for this provider: of that alias, or the default one when it is empty;
  // "" when there is none.
  std::string KeyDigest(std::string_view gateway, std::string_view provider,
                        std::string_view alias) const;
  // 2040, with the aliases that there are.
  AiError NoSuchKey(std::string_view gateway, std::string_view provider,
                    std::string_view alias) const;

  // Custom providers, each with `id` and `slug`. kExists: the slug is taken.
  AiKept AddCustom(Json document);
  AiKept DeleteCustom(std::string_view id, Document& gone);
  Document FindCustom(std::string_view id) const;  // null: none
  bool HasCustomSlug(std::string_view slug) const;
  std::vector<Document> Customs() const;  // oldest first

  void Reset();  // after the documents were

 private:
  void Load();

  AiDocuments& documents_;
  mutable Mutex mutex_;
  std::vector<Document> configs_;
  std::vector<Document> customs_;
};

}  // namespace mg::fake
