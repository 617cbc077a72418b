#include "fakes/access/service_tokens.h"

#include <algorithm>
#include <utility>

#include "core/base/bytes.h"
#include "core/base/digest.h"
#include "core/base/ids.h"

namespace mg::fake {
namespace {

constexpr std::size_t kIdBytes = 16;
constexpr std::int64_t kSeededSeconds = std::int64_t{10} * 365 * 24 * 3600;
// Of tokens made since 2026-08-26: a prefix, 40 alphanumerics and a checksum of 8.
constexpr std::string_view kSecretPrefix = "cfast_";
constexpr std::size_t kSecretCharacters = 40;
constexpr std::size_t kChecksumCharacters = 8;
constexpr std::string_view kAlphanumerics =
    "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

}  // namespace

std::string ServiceTokens::NewSecret() {
  std::string secret(kSecretPrefix);
  for (std::size_t i = 0; i < kSecretCharacters; ++i)
    secret += kAlphanumerics[random_.Below(kAlphanumerics.size())];
  return secret + Sha256Hex(secret).substr(0, kChecksumCharacters);
}

ServiceToken* ServiceTokens::FindLocked(std::string_view id) {
  for (ServiceToken& token : tokens_)
    if (token.id == id) return &token;
  return nullptr;
}

std::optional<ServiceTokens::Made> ServiceTokens::Create(std::string name,
                                                         std::int64_t duration_seconds,
                                                         std::int64_t now_ms) {
  Made made;
  made.secret = NewSecret();
  made.token.id = UuidFromBytes(random_.Bytes(kIdBytes));
  made.token.client_id = HexEncode(random_.Bytes(kIdBytes)) + ".access";
  made.token.name = std::move(name);
  made.token.secret_sha256 = Sha256(made.secret);
  made.token.duration_seconds = duration_seconds;
  made.token.expires_ms = now_ms + duration_seconds * 1000;
  made.token.created_ms = made.token.updated_ms = now_ms;
  const Lock lock(mutex_);
  if (tokens_.size() >= kMost) return std::nullopt;
  tokens_.push_back(made.token);
  return made;
}

std::optional<ServiceTokens::Made> ServiceTokens::Rotate(std::string_view id,
                                                         std::int64_t previous_until_ms,
                                                         std::int64_t now_ms) {
  const std::string secret = NewSecret();
  const Lock lock(mutex_);
  ServiceToken* token = FindLocked(id);
  if (token == nullptr) return std::nullopt;
  token->previous_sha256 = token->secret_sha256;
  token->previous_until_ms = previous_until_ms;
  token->secret_sha256 = Sha256(secret);
  token->updated_ms = now_ms;
  return Made{*token, secret};
}

std::optional<ServiceToken> ServiceTokens::Refresh(std::string_view id, std::int64_t now_ms) {
  const Lock lock(mutex_);
  ServiceToken* token = FindLocked(id);
  if (token == nullptr) return std::nullopt;
  token->expires_ms = now_ms + token->duration_seconds * 1000;
  token->updated_ms = now_ms;
  return *token;
}

std::optional<ServiceToken> ServiceTokens::Rename(std::string_view id, const std::string& name,
                                                  std::int64_t duration_seconds,
                                                  std::int64_t now_ms) {
  const Lock lock(mutex_);
  ServiceToken* token = FindLocked(id);
  if (token == nullptr) return std::nullopt;
  if (!name.empty()) token->name = name;
  if (duration_seconds > 0) {
    token->duration_seconds = duration_seconds;
    token->expires_ms = token->created_ms + duration_seconds * 1000;
  }
  token->updated_ms = now_ms;
  return *token;
}

std::optional<ServiceToken> ServiceTokens::Get(std::string_view id) const {
  const Lock lock(mutex_);
  for (const ServiceToken& token : tokens_)
    if (token.id == id) return token;
  return std::nullopt;
}

std::optional<ServiceToken> ServiceTokens::OfClient(std::string_view client_id) const {
  const Lock lock(mutex_);
  for (const ServiceToken& token : tokens_)
    if (token.client_id == client_id) return token;
  return std::nullopt;
}

std::vector<ServiceToken> ServiceTokens::List() const {
  const Lock lock(mutex_);
  return tokens_;
}

bool ServiceTokens::Remove(std::string_view id) {
  const Lock lock(mutex_);
  const auto found = std::find_if(tokens_.begin(), tokens_.end(),
                                  [id](const ServiceToken& token) { return token.id == id; });
  if (found == tokens_.end()) return false;
  tokens_.erase(found);
  return true;
}

void ServiceTokens::Reset(std::string_view client_id, std::string_view secret,
                          std::int64_t now_ms) {
  ServiceToken token;
  token.id = UuidFromBytes(Sha256(client_id).substr(0, kIdBytes));
  token.client_id = client_id;
  token.name = "moltgate";
  token.secret_sha256 = Sha256(secret);
  token.duration_seconds = kSeededSeconds;
  token.expires_ms = now_ms + kSeededSeconds * 1000;
  token.created_ms = token.updated_ms = now_ms;
  const Lock lock(mutex_);
  tokens_.clear();
  if (!client_id.empty() && !secret.empty()) tokens_.push_back(std::move(token));
}

ServiceTokens::Check ServiceTokens::Verify(std::string_view client_id, std::string_view secret,
                                           std::int64_t now_ms) {
  const std::string digest = Sha256(secret);
  const Lock lock(mutex_);
  for (ServiceToken& token : tokens_) {
    if (!ConstantTimeEqual(token.client_id, client_id)) continue;
    const bool former =
        now_ms < token.previous_until_ms && ConstantTimeEqual(token.previous_sha256, digest);
    if (!former && !ConstantTimeEqual(token.secret_sha256, digest)) break;
    if (now_ms >= token.expires_ms) return {std::nullopt, "service_token_expired"};
    token.last_seen_ms = now_ms;
    return {token, ""};
  }
  return {std::nullopt, "service_token_unknown"};
}

}  // namespace mg::fake
