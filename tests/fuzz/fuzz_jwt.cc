// What Access's verifier reads. The first byte chooses: a token, which nobody can sign here and so
// is refused; claims as if they were signed; a team's keys.
#include "core/services/access_verifier_jwt.h"
#include "tests/fuzz/fuzz.h"

using namespace mg;

namespace {

constexpr std::string_view kJwks =
    R"({"keys":[{"kid":"k","kty":"RSA","e":"AQAB","n":")"
    "rDqR2h-bF97DGH-r32PoagHHEwXq9v9YnsyV9UG1wtOvlWG0P31vZiiReqU5zIIf2U6gw2sHvzjIlEF-"
    "l3qfYO8PKAoVX38m8ffmi6ytpqgs4bw0u19ifGA8-2zXZ0jQ4aCb-BV-DnRt94QBN5QvuHCdjCjorzBy"
    "MFL04fQi9_Yq6rRERhiG1XnIsERvwQvE7xUOLG_UI7pOW7_3d_meLiZ73ICLJ_wRHuq6NWBhmLdqiwYL"
    "hRvtq92KhOE77jhxkrwCns_YUP4mUm5em2Fp9n8GuKAoiS2EqAe38IFvReKpbmXky7LLwc38glc0vmon"
    "_GcXaM4-SwPHsYdP-Zx8Mw"
    R"("}]})";
constexpr WallTime kNow{1'800'000'000'000};

AccessSettings Settings() {
  AccessSettings settings;
  settings.team_url = "https://t.test";
  settings.audiences = {"a"};
  return settings;
}

void RefuseToken(std::string_view token) {
  static const KeySet keys = std::move(KeySet::Parse(kJwks, false)).value();
  Require(keys.size() == 1);
  const TokenCheck check = VerifyToken(token, keys, Settings(), kNow);
  Require(check.outcome == TokenCheck::Outcome::kRefused && !check.reason.empty());
  Require(check.identity.subject.empty());
}

void ReadClaims(std::string_view payload) {
  const auto token = VerifyClaims(payload, Settings(), kNow);
  if (!token) {
    Require(token.error().code == Code::kUnauthenticated && !token.error().message.empty());
    return;
  }
  const std::string& subject = token->identity.subject;
  Require(token->WhyNotAt(kNow) == nullptr);
  Require(token->identity.is_service == (subject.find('@') == std::string::npos));
  for (const char c : subject) Require(static_cast<unsigned char>(c) >= 0x20 && c != 0x7f);
}

void ReadKeys(std::string_view jwks) {
  const auto keys = KeySet::Parse(jwks, true);
  Require(!keys || keys->size() <= 16);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view text = Text(data, size).substr(1);
  switch (data[0] % 3) {
    case 0:
      RefuseToken(text);
      break;
    case 1:
      ReadClaims(text);
      break;
    default:
      ReadKeys(text);
  }
  return 0;
}
