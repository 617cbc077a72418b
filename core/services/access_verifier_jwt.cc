#include "core/services/access_verifier_jwt.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "core/base/bytes.h"
#include "core/base/json.h"
#include "core/services/access_verifier_keys.h"

namespace mg {
namespace {

constexpr std::size_t kMaxKidBytes = 128;
constexpr std::size_t kMaxSubjectBytes = 320;  // the longest email that RFC 5321 can spell
constexpr std::int64_t kLeewaySeconds = 60;
constexpr std::int64_t kMaxLifetimeSeconds = 31 * 24 * 3600;
constexpr std::int64_t kLastSecond = 253'402'300'799;  // the end of the year 9999
constexpr std::string_view kServiceSuffix = ".access";

Error Refused(std::string_view reason) {
  return Error{Code::kUnauthenticated, std::string(reason), false};
}

// nlohmann skips a byte order mark, and one text must have one reading.
Result<Json> ParseStrictObject(std::string_view text, std::string_view reason) {
  JsonRules rules;
  rules.max_depth = 16;
  rules.refuse_duplicate_keys = true;
  if (!IsValidUtf8(text)) return Refused(reason);
  auto parsed = ParseJson(text, rules);
  if (!parsed || !parsed->is_object()) return Refused(reason);
  return std::move(parsed).value();
}

// The kid, once everything else in the header is as it must be. `jku`, `jwk`, `x5u` and `x5c` are
// not looked at: keys come from the team's JWKS alone.
Result<std::string> CheckHeader(const Json& header) {
  if (StringAt(header, "alg") != "RS256") return Refused("wrong_algorithm");
  for (const std::string_view member : {"crit", "b64", "zip", "cty"}) {
    if (Find(header, member) != nullptr) return Refused("unsupported_header");
  }
  if (Find(header, "typ") != nullptr && !EqualsIgnoreCase(StringAt(header, "typ"), "JWT")) {
    return Refused("wrong_typ");
  }
  std::string kid = StringAt(header, "kid");
  if (kid.empty() || kid.size() > kMaxKidBytes) return Refused("bad_kid");
  return kid;
}

bool HoldsAudience(const Json& claims, const std::vector<std::string>& expected) {
  const Json* audience = Find(claims, "aud");
  if (audience == nullptr) return false;
  const auto is_ours = [&expected](const Json& value) {
    return std::find(expected.begin(), expected.end(), value.get_ref<const std::string&>()) !=
           expected.end();
  };
  if (audience->is_string()) return is_ours(*audience);
  if (!audience->is_array()) return false;
  const auto is_string = [](const Json& value) { return value.is_string(); };
  return std::all_of(audience->begin(), audience->end(), is_string) &&
         std::any_of(audience->begin(), audience->end(), is_ours);
}

// nullopt: not an integer (1.0 and 1e308 are not), or no second that a calendar knows.
std::optional<std::int64_t> SecondsOf(const Json& value) {
  if (!value.is_number_integer()) return std::nullopt;
  const bool negative = !value.is_number_unsigned() && value.get<std::int64_t>() < 0;
  if (negative || value.get<std::uint64_t>() > static_cast<std::uint64_t>(kLastSecond)) {
    return std::nullopt;
  }
  return value.get<std::int64_t>();
}

Status ReadTimes(const Json& claims, VerifiedToken& token) {
  const Json* expires = Find(claims, "exp");
  const auto expires_at = expires == nullptr ? std::nullopt : SecondsOf(*expires);
  if (!expires_at) return Refused("bad_exp");
  token.expires_at = *expires_at;
  for (const std::string_view name : {"nbf", "iat"}) {
    const Json* claim = Find(claims, name);
    if (claim == nullptr) continue;
    const auto at = SecondsOf(*claim);
    if (!at) return Refused(name == "nbf" ? "bad_nbf" : "bad_iat");
    token.not_before = std::max(token.not_before, *at);
    if (name == "iat" && token.expires_at - *at > kMaxLifetimeSeconds) {
      return Refused("lifetime_too_long");
    }
  }
  return Ok();
}

// An empty string is as good as absent (a service token's `sub` is one).
Result<std::string> SubjectAt(const Json& claims, std::string_view name) {
  const Json* claim = Find(claims, name);
  if (claim == nullptr) return std::string();
  if (!claim->is_string()) return Refused("bad_principal");
  const auto& text = claim->get_ref<const std::string&>();
  const auto is_control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; };
  if (text.size() > kMaxSubjectBytes || std::any_of(text.begin(), text.end(), is_control)) {
    return Refused("bad_principal");
  }
  return text;
}

bool EndsWith(std::string_view text, std::string_view end) {
  return text.size() > end.size() && text.substr(text.size() - end.size()) == end;
}

// A user's subject holds an '@' and a service's never does, so that neither can pose as the other
// in a list of operators or members.
Result<Identity> ReadIdentity(const Json& claims) {
  MG_TRY(email, SubjectAt(claims, "email"));
  MG_TRY(common_name, SubjectAt(claims, "common_name"));
  if (!email.empty()) {
    if (email.find('@') == std::string::npos) return Refused("bad_principal");
    return Identity{AsciiLower(email), false};
  }
  const bool is_service_token =
      EndsWith(common_name, kServiceSuffix) && common_name.find('@') == std::string::npos;
  if (!is_service_token) return Refused("no_principal");
  return Identity{common_name, true};
}

}  // namespace

Result<std::string> VerifyCompactJws(std::string_view token, const KeySet& keys) {
  if (token.size() > kMaxTokenBytes) return Refused(kReasonTooLong);
  const auto segments = Split(token, '.');
  const bool three =
      segments.size() == 3 && !segments[0].empty() && !segments[1].empty() && !segments[2].empty();
  if (!three) return Refused("malformed");
  const auto header_text = Base64UrlDecode(segments[0]);
  auto payload = Base64UrlDecode(segments[1]);
  const auto signature = Base64UrlDecode(segments[2]);
  if (!header_text || !payload || !signature) return Refused("malformed");

  MG_TRY(header, ParseStrictObject(*header_text, "bad_header"));
  MG_TRY(kid, CheckHeader(header));
  const auto& known = keys.impl().keys;
  const auto key = known.find(kid);
  if (key == known.end()) return Refused(kReasonUnknownKid);
  const std::string_view signed_text = token.substr(0, segments[0].size() + 1 + segments[1].size());
  if (!key->second.Verify(signed_text, *signature)) return Refused("bad_signature");
  return std::move(*payload);
}

const char* VerifiedToken::WhyNotAt(WallTime now) const {
  if (now.seconds() >= expires_at + kLeewaySeconds) return "expired";
  if (not_before > now.seconds() + kLeewaySeconds) return "not_yet_valid";
  return nullptr;
}

Result<VerifiedToken> VerifyClaims(std::string_view payload, const AccessSettings& settings,
                                   WallTime now) {
  MG_TRY(claims, ParseStrictObject(payload, "bad_claims"));
  // An empty issuer is a configuration error, which must not let a claim without one pass.
  if (settings.team_url.empty() || StringAt(claims, "iss") != settings.team_url) {
    return Refused("wrong_issuer");
  }
  if (!HoldsAudience(claims, settings.audiences)) return Refused("wrong_audience");
  if (StringAt(claims, "type") != "app") return Refused("wrong_type");
  VerifiedToken token;
  MG_RETURN_IF_ERROR(ReadTimes(claims, token));
  if (const char* why = token.WhyNotAt(now)) return Refused(why);
  MG_TRY(identity, ReadIdentity(claims));
  token.identity = std::move(identity);
  return token;
}

Result<VerifiedToken> VerifyWholeToken(std::string_view token, const KeySet& keys,
                                       const AccessSettings& settings, WallTime now) {
  MG_TRY(payload, VerifyCompactJws(token, keys));
  return VerifyClaims(payload, settings, now);
}

TokenCheck VerifyToken(std::string_view token, const KeySet& keys, const AccessSettings& settings,
                       WallTime now) {
  auto verified = VerifyWholeToken(token, keys, settings, now);
  if (!verified) return {TokenCheck::Outcome::kRefused, {}, verified.error().message};
  return {TokenCheck::Outcome::kAccepted, std::move(verified->identity), ""};
}

}  // namespace mg
