#include "core/services/access_verifier_keys.h"

#include <algorithm>
#include <iterator>
#include <set>
#include <utility>

#include "core/base/bytes.h"
#include "core/base/json.h"
#include "core/services/access_verifier_known_fakes.h"

namespace mg {
namespace {

constexpr std::size_t kMaxKeys = 16;
constexpr std::size_t kMaxKidBytes = 128;

Error Refused(std::string what) {
  return Error{Code::kCorrupt, "JWKS: " + std::move(what), false};
}

bool IsAbsentOr(const Json& key, std::string_view member, std::string_view expected) {
  const Json* value = Find(key, member);
  return value == nullptr || (value->is_string() && StringAt(key, member) == expected);
}

bool MayVerify(const Json& key) {
  const Json* operations = Find(key, "key_ops");
  if (operations == nullptr) return true;
  return operations->is_array() &&
         std::find(operations->begin(), operations->end(), Json("verify")) != operations->end();
}

bool IsKnownFake(std::string_view id) {
  return std::find(std::begin(kKnownFakeKids), std::end(kKnownFakeKids), id) !=
         std::end(kKnownFakeKids);
}

std::optional<RsaPublicKey> ParseKey(const Json& key, bool refuse_fake_keys) {
  if (StringAt(key, "kty") != "RSA" || !IsAbsentOr(key, "use", "sig") ||
      !IsAbsentOr(key, "alg", "RS256") || !MayVerify(key)) {
    return std::nullopt;
  }
  if (Find(key, "d") != nullptr) return std::nullopt;  // a published private key proves nothing
  const auto modulus = Base64UrlDecode(StringAt(key, "n"));
  const auto exponent = Base64UrlDecode(StringAt(key, "e"));
  if (!modulus || !exponent) return std::nullopt;
  auto made = RsaPublicKey::Make(*modulus, *exponent);
  if (!made || !refuse_fake_keys) return made;
  if (IsKnownFake(StringAt(key, "kid")) || IsKnownFake(made->Sha256OfDer())) return std::nullopt;
  return made;
}

// What makes the whole document untrustworthy, whichever key a token names.
Status CheckDocument(const Json& keys) {
  std::set<std::string> kids;
  for (const Json& key : keys) {
    if (StringAt(key, "kty") == "oct") return Refused("a symmetric key");
    const std::string kid = StringAt(key, "kid");
    if (!kid.empty() && !kids.insert(kid).second) return Refused("two keys with one kid");
  }
  return Ok();
}

}  // namespace

KeySet::KeySet() : impl_(std::make_unique<Impl>()) {}
KeySet::~KeySet() = default;
KeySet::KeySet(KeySet&&) noexcept = default;
KeySet& KeySet::operator=(KeySet&&) noexcept = default;

bool KeySet::Has(std::string_view kid) const {
  return impl_->keys.find(kid) != impl_->keys.end();
}

std::size_t KeySet::size() const {
  return impl_->keys.size();
}

std::size_t KeySet::dropped() const {
  return impl_->dropped;
}

Result<KeySet> KeySet::Parse(std::string_view jwks_json, bool refuse_fake_keys) {
  JsonRules rules;
  rules.refuse_duplicate_keys = true;
  MG_TRY(document, ParseJson(jwks_json, rules));
  const Json* keys = Find(document, "keys");
  if (keys == nullptr || !keys->is_array()) return Refused("no array \"keys\"");
  MG_RETURN_IF_ERROR(CheckDocument(*keys));

  KeySet set;
  for (const Json& key : *keys) {
    std::string kid = StringAt(key, "kid");
    const bool wanted = !kid.empty() && kid.size() <= kMaxKidBytes && set.size() < kMaxKeys;
    auto made = wanted ? ParseKey(key, refuse_fake_keys) : std::nullopt;
    if (made) {
      set.impl_->keys.emplace(std::move(kid), std::move(*made));
    } else {
      ++set.impl_->dropped;
    }
  }
  return set;
}

}  // namespace mg
