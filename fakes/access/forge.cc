#include "fakes/access/forge.h"

#include <utility>

#include "core/base/bytes.h"
#include "core/base/check.h"
#include "core/base/digest.h"
#include "core/base/json.h"

namespace mg::fake {
namespace {

std::string Changed(std::string json, std::string_view member, const Json& value) {
  auto object = ParseJson(json);
  if (!object) return json;
  (*object)[std::string(member)] = value;
  return DumpJson(*object);
}

// `"aud"` once more, in front: the last of two wins for a careless reader.
std::string AudienceTwice(const std::string& claims) {
  return R"({"aud":["somebody-else"],)" + claims.substr(1);
}

struct Texts {  // before signing
  const char* word;
  const char* about;
  void (*change)(TokenParts& parts);
};

const Texts kTexts[] = {
    {"duplicate_claim", "aud twice", [](TokenParts& p) { p.claims = AudienceTwice(p.claims); }},
    {"byte_order_mark", "before the claims",
     [](TokenParts& p) { p.claims.insert(0, "\xef\xbb\xbf"); }},
    {"invalid_utf8", "in the claims", [](TokenParts& p) { p.claims.insert(1, "\"x\":\"\xff\","); }},
    {"trailing_claims", "after the claims", [](TokenParts& p) { p.claims += "{}"; }},
    {"claims_array", "an array in place of claims",
     [](TokenParts& p) { p.claims = "[" + p.claims + "]"; }},
    {"claims_number", "a number in place of claims", [](TokenParts& p) { p.claims = "1"; }},
    {"no_claims", "an empty payload", [](TokenParts& p) { p.claims.clear(); }},
    {"duplicate_header", "alg twice",
     [](TokenParts& p) { p.header = R"({"alg":"none",)" + p.header.substr(1); }},
    {"one_megabyte", "a token of 1 MB",
     [](TokenParts& p) { p.claims = Changed(p.claims, "pad", std::string(1'000'000, 'a')); }},
    {"seventeen_kilobytes", "a token just over 16 KB",
     [](TokenParts& p) { p.claims = Changed(p.claims, "pad", std::string(12'600, 'a')); }},
};

struct Whole {  // after signing
  const char* word;
  const char* about;
  std::string (*change)(const std::string& signed_text, const std::string& signature);
};

std::string Joined(const std::string& signed_text, std::string_view signature) {
  return signed_text + "." + Base64UrlEncode(signature);
}

const Whole kWholes[] = {
    {"no_signature", "an empty signature",
     [](const std::string& text, const std::string&) { return text + "."; }},
    {"truncated_signature", "a byte short",
     [](const std::string& text, const std::string& signature) {
       return Joined(text, std::string_view(signature).substr(0, signature.size() - 1));
     }},
    {"flipped_signature", "a bit of it turned",
     [](const std::string& text, const std::string& signature) {
       std::string flipped = signature;
       flipped[flipped.size() / 2] ^= 1;
       return Joined(text, flipped);
     }},
    {"zero_signature", "nothing but zeros",
     [](const std::string& text, const std::string& signature) {
       return Joined(text, std::string(signature.size(), '\0'));
     }},
    {"long_signature", "longer than the modulus",
     [](const std::string& text, const std::string& signature) {
       return Joined(text, std::string(1, '\0') + signature);
     }},
    {"padded", "base64 padding",
     [](const std::string& text, const std::string& signature) {
       return Joined(text, signature) + "==";
     }},
    {"unused_bits", "bits set that mean nothing",
     [](const std::string& text, const std::string& signature) {
       std::string token = Joined(text, signature);
       token.back() = static_cast<char>(token.back() + 1);  // 'A', 'Q', 'g' or 'w', plus one
       return token;
     }},
    {"two_segments", "without a signature",
     [](const std::string& text, const std::string&) { return text; }},
    {"five_segments", "as a JWE has",
     [](const std::string& text, const std::string& signature) {
       return Joined(text, signature) + ".e30.e30";
     }},
};

// A MAC under the public key's own text: what a verifier that takes `alg` from the token believes.
std::string MacWithPublicKey(TokenParts parts, const SigningKey& key, std::string_view secret) {
  parts.header = Changed(parts.header, "alg", "HS256");
  const std::string text = Base64UrlEncode(parts.header) + "." + Base64UrlEncode(parts.claims);
  const std::string mac = HmacSha256(
      secret == "hs256_modulus" ? key.Modulus() : std::string(key.certificate_pem()), text);
  return Joined(text, mac);
}

}  // namespace

const std::vector<ForgeWord>& ForgeWords() {
  static const std::vector<ForgeWord> words = [] {
    std::vector<ForgeWord> all;
    for (const Texts& row : kTexts) all.push_back({row.word, row.about});
    for (const Whole& row : kWholes) all.push_back({row.word, row.about});
    all.push_back({"hs256_certificate", "a MAC under the certificate"});
    all.push_back({"hs256_modulus", "a MAC under the JWK's n"});
    return all;
  }();
  return words;
}

std::string SignedToken(TokenParts parts, const SigningKey& key, std::string_view word) {
  if (word.substr(0, 6) == "hs256_") return MacWithPublicKey(std::move(parts), key, word);
  bool done = word.empty();
  for (const Texts& row : kTexts) {
    if (word != row.word) continue;
    row.change(parts);
    done = true;
  }
  const std::string text = Base64UrlEncode(parts.header) + "." + Base64UrlEncode(parts.claims);
  const std::string signature = key.Sign(text);
  for (const Whole& row : kWholes)
    if (word == row.word) return row.change(text, signature);
  MG_CHECK(done, "a damage that is not known");
  return Joined(text, signature);
}

}  // namespace mg::fake
