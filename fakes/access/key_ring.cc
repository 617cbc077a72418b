#include "fakes/access/key_ring.h"

#include <algorithm>
#include <limits>

#include "core/base/json.h"

namespace mg::fake {
namespace {

constexpr std::size_t kKeys = kNextAccessKeyCount + 2;
constexpr std::size_t kFirst = 1;  // the current one; the previous stands before it

// Read once in a process: a third of a millisecond each, and every world has them.
const SigningKey& Key(std::size_t index) {
  static const SigningKey previous(kPreviousAccessKey), current(kCurrentAccessKey);
  static const SigningKey next[kNextAccessKeyCount] = {SigningKey(kNextAccessKeys[0]),
                                                       SigningKey(kNextAccessKeys[1]),
                                                       SigningKey(kNextAccessKeys[2])};
  if (index == 0) return previous;
  return index == kFirst ? current : next[index - 2];
}

std::size_t Before(std::size_t index) {
  return (index + kKeys - 1) % kKeys;
}

Json Jwk(const SigningKey& key) {
  return {{"kid", key.kid()}, {"kty", "RSA"},        {"alg", "RS256"},
          {"use", "sig"},     {"e", key.Exponent()}, {"n", key.Modulus()}};
}

Json Certificate(const SigningKey& key) {
  return {{"kid", key.kid()}, {"cert", key.certificate_pem()}};
}

}  // namespace

AccessKeyRing::Listed AccessKeyRing::Now(const Timing& timing) {
  const Lock lock(mutex_);
  // However long nobody looked, only the last two rotations can be seen.
  for (int seen = 0; seen < 2 && timing.interval_ms > 0; ++seen) {
    const std::int64_t intervals = (timing.now_ms - rotated_ms_) / timing.interval_ms;
    if (intervals < 1) break;
    const std::int64_t passed = std::max<std::int64_t>(1, intervals - 1);
    RotateLocked(rotated_ms_ + passed * timing.interval_ms, timing.grace_ms);
  }
  if (timing.now_ms >= previous_until_ms_) has_previous_ = false;
  return {&Key(current_), has_previous_ ? &Key(Before(current_)) : nullptr, rotated_ms_};
}

void AccessKeyRing::Rotate(const Timing& timing) {
  const Lock lock(mutex_);
  RotateLocked(timing.now_ms, timing.grace_ms);
}

void AccessKeyRing::RotateLocked(std::int64_t at_ms, std::int64_t grace_ms) {
  current_ = (current_ + 1) % kKeys;
  has_previous_ = grace_ms > 0;
  rotated_ms_ = at_ms;
  previous_until_ms_ = at_ms + grace_ms;
}

void AccessKeyRing::DropPrevious() {
  const Lock lock(mutex_);
  has_previous_ = false;
}

void AccessKeyRing::Reset(std::int64_t now_ms) {
  const Lock lock(mutex_);
  current_ = kFirst;
  has_previous_ = true;
  rotated_ms_ = now_ms;
  // As seeded there has been no rotation whose grace could end.
  previous_until_ms_ = std::numeric_limits<std::int64_t>::max();
}

const SigningKey& AccessKeyRing::Former() const {
  const Lock lock(mutex_);
  return Key(Before(current_));
}

const SigningKey& AccessKeyRing::Unlisted() {
  return Key(kKeys - 1);
}

const SigningKey& AccessKeyRing::Weak() {
  static const SigningKey key(kWeakAccessKey);
  return key;
}

std::string CertsDocument(const AccessKeyRing::Listed& listed) {
  Json document;
  document["keys"] = Json::array({Jwk(*listed.current)});
  document["public_cert"] = Certificate(*listed.current);
  document["public_certs"] = Json::array({Certificate(*listed.current)});
  if (listed.previous != nullptr) {
    document["keys"].push_back(Jwk(*listed.previous));
    document["public_certs"].push_back(Certificate(*listed.previous));
  }
  return DumpJson(document);
}

}  // namespace mg::fake
