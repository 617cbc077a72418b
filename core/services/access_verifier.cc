#include "core/services/access_verifier.h"

#include <optional>
#include <utility>

#include "core/base/digest.h"
#include "core/services/access_verifier_jwks.h"
#include "core/services/access_verifier_jwt.h"
#include "core/services/lru_map.h"

namespace mg {
namespace {

// A browser sends its one token with every request; an RSA verification costs more than a digest.
constexpr std::size_t kRememberedTokens = 4096;

TokenCheck Refused(std::string reason) {
  return {TokenCheck::Outcome::kRefused, {}, std::move(reason)};
}

TokenCheck KeysUnavailable() {
  return {TokenCheck::Outcome::kKeysUnavailable, {}, "no_keys"};
}

// What tokens proved under one generation of keys; another generation proves nothing of theirs.
class VerifiedTokens {
 public:
  std::optional<VerifiedToken> Find(std::string_view hash, std::uint64_t generation) {
    const Lock lock(mutex_);
    const Entry* entry = entries_.Use(hash);
    if (entry == nullptr || entry->generation != generation) return std::nullopt;
    return entry->token;
  }

  void Remember(std::string_view hash, std::uint64_t generation, const VerifiedToken& token) {
    const Lock lock(mutex_);
    entries_.Put(hash, Entry{token, generation});
  }

 private:
  struct Entry {
    VerifiedToken token;
    std::uint64_t generation;
  };

  Mutex mutex_;
  LruMap<Entry> entries_{kRememberedTokens};
};

}  // namespace

class AccessVerifier::Impl {
 public:
  Impl(AccessSettings settings, AccessKeysClient& client, Runtime& runtime, Log& log)
      : settings_(std::move(settings)),
        runtime_(runtime),
        keys_(client, settings_.refuse_fake_keys, runtime, log) {}

  TokenCheck Verify(std::string_view token, CancelToken& cancel) {
    if (token.size() > kMaxTokenBytes) return Refused(std::string(kReasonTooLong));
    const std::string hash = Sha256(token);
    const KeyCache::Snapshot current = keys_.Current(cancel);
    if (current.keys == nullptr) return KeysUnavailable();
    auto verified = VerifyWith(current, token, hash);
    const bool newer_keys_may_help =
        !verified && verified.error().message == kReasonUnknownKid && !current.just_fetched;
    if (newer_keys_may_help) {
      const KeyCache::Snapshot newer = keys_.Refetch(current.generation, cancel);
      if (newer.keys == nullptr) return KeysUnavailable();
      if (newer.generation != current.generation) verified = VerifyWith(newer, token, hash);
    }
    if (!verified) return Refused(verified.error().message);
    return {TokenCheck::Outcome::kAccepted, std::move(verified->identity), ""};
  }

  void Stop() { keys_.Stop(); }

 private:
  Result<VerifiedToken> VerifyWith(const KeyCache::Snapshot& snapshot, std::string_view token,
                                   const std::string& hash) {
    const WallTime now = runtime_.Wall();
    if (auto known = verified_.Find(hash, snapshot.generation)) {
      if (const char* why = known->WhyNotAt(now)) return Error{Code::kUnauthenticated, why, false};
      return *std::move(known);
    }
    auto verified = VerifyWholeToken(token, *snapshot.keys, settings_, now);
    if (verified) verified_.Remember(hash, snapshot.generation, *verified);
    return verified;
  }

  const AccessSettings settings_;
  Runtime& runtime_;
  KeyCache keys_;
  VerifiedTokens verified_;
};

AccessVerifier::AccessVerifier(AccessSettings settings, AccessKeysClient& client, Runtime& runtime,
                               Log& log)
    : impl_(std::make_unique<Impl>(std::move(settings), client, runtime, log)) {}

AccessVerifier::~AccessVerifier() {
  Stop();
}

TokenCheck AccessVerifier::Verify(std::string_view token, CancelToken& cancel) {
  return impl_->Verify(token, cancel);
}

void AccessVerifier::Stop() {
  impl_->Stop();
}

}  // namespace mg
