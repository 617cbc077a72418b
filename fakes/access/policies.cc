#include "fakes/access/policies.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <optional>

#include "core/base/bytes.h"

namespace mg::fake {
namespace {

using Address = std::array<unsigned char, 16>;

// v4 as the mapped v6 address, so that both compare alike.
std::optional<Address> AddressOf(const std::string& text, bool& is_v4) {
  Address bytes{};
  is_v4 = ::inet_pton(AF_INET, text.c_str(), bytes.data() + 12) == 1;
  if (is_v4) {
    bytes[10] = bytes[11] = 0xff;
    return bytes;
  }
  if (::inet_pton(AF_INET6, text.c_str(), bytes.data()) == 1) return bytes;
  return std::nullopt;
}

bool InRange(const std::string& address, const std::string& range) {
  const std::size_t slash = range.find('/');
  bool range_v4 = false, address_v4 = false;
  const auto base = AddressOf(range.substr(0, slash), range_v4);
  const auto asked = AddressOf(address, address_v4);
  if (!base || !asked || range_v4 != address_v4) return false;
  const std::uint64_t width = range_v4 ? 32 : 128;
  const auto bits =
      slash == std::string::npos ? std::optional(width) : ParseUint(range.substr(slash + 1));
  if (!bits || *bits > width) return false;
  const std::uint64_t total = *bits + (range_v4 ? 96 : 0);
  for (std::uint64_t bit = 0; bit < total; ++bit) {
    const unsigned mask = 0x80U >> (bit % 8);
    if (((*base)[bit / 8] & mask) != ((*asked)[bit / 8] & mask)) return false;
  }
  return true;
}

bool Holds(const AccessRule& rule, const AccessPrincipal& who) {
  switch (rule.kind) {
    case AccessRule::Kind::kEveryone:
      return true;
    case AccessRule::Kind::kEmail:
      return !who.email.empty() && EqualsIgnoreCase(rule.value, who.email);
    case AccessRule::Kind::kEmailDomain:
      return !who.email.empty() &&
             EqualsIgnoreCase(rule.value, who.email.substr(who.email.rfind('@') + 1));
    case AccessRule::Kind::kServiceToken:
      return !who.service_token_id.empty() && rule.value == who.service_token_id;
    case AccessRule::Kind::kAnyServiceToken:
      return who.is_service();
    case AccessRule::Kind::kIp:
      return InRange(who.address, rule.value);
    case AccessRule::Kind::kCountry:
      return !who.country.empty() && EqualsIgnoreCase(rule.value, who.country);
  }
  return false;
}

}  // namespace

bool Matches(const AccessPolicy& policy, const AccessPrincipal& principal) {
  const auto holds = [&principal](const AccessRule& rule) { return Holds(rule, principal); };
  return std::any_of(policy.include.begin(), policy.include.end(), holds) &&
         std::all_of(policy.require.begin(), policy.require.end(), holds) &&
         std::none_of(policy.exclude.begin(), policy.exclude.end(), holds);
}

const AccessPolicy* FirstMatch(const std::vector<AccessPolicy>& policies,
                               const AccessPrincipal& principal,
                               const std::vector<AccessPolicy::Decision>& decisions) {
  const AccessPolicy* first = nullptr;
  for (const AccessPolicy& policy : policies) {
    const bool asked =
        std::find(decisions.begin(), decisions.end(), policy.decision) != decisions.end();
    if (!asked || !Matches(policy, principal)) continue;
    if (first == nullptr || policy.precedence < first->precedence) first = &policy;
  }
  return first;
}

}  // namespace mg::fake
