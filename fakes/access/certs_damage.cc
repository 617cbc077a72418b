#include "fakes/access/certs_damage.h"

#include <utility>

#include "core/base/json.h"
#include "fakes/access/key_ring.h"
#include "fakes/access/pages.h"

namespace mg::fake {
namespace {

constexpr std::size_t kOverOneMebibyte = (std::size_t{1} << 20) + 1;
constexpr const char* kElsewhere = "http://127.0.0.1:9/cdn-cgi/access/certs";

Json WeakJwk() {
  const SigningKey& key = AccessKeyRing::Weak();
  return {{"kid", key.kid()}, {"kty", "RSA"},        {"alg", "RS256"},
          {"use", "sig"},     {"e", key.Exponent()}, {"n", key.Modulus()}};
}

struct Row {
  const char* word;
  void (*change)(Json& keys);
};

// Of the array "keys": none of it is a reason to trust less than what is left.
const Row kRows[] = {
    {"duplicate_kid", [](Json& keys) { keys.push_back(keys.front()); }},
    {"weak_key", [](Json& keys) { keys.push_back(WeakJwk()); }},
    {"ec_key",
     [](Json& keys) {
       keys.push_back({{"kid", std::string(64, 'e')},
                       {"kty", "EC"},
                       {"crv", "P-256"},
                       {"x", std::string(43, 'A')},
                       {"y", std::string(43, 'A')}});
     }},
    {"symmetric_key",
     [](Json& keys) {
       keys.push_back({{"kid", std::string(64, '0')}, {"kty", "oct"}, {"k", "c2VjcmV0"}});
     }},
    {"wrong_use",
     [](Json& keys) {
       for (Json& key : keys) key["use"] = "enc";
     }},
    {"wrong_alg",
     [](Json& keys) {
       for (Json& key : keys) key["alg"] = "RS512";
     }},
    {"no_keys", [](Json& keys) { keys = Json::array(); }},
    {"no_kid",
     [](Json& keys) {
       for (Json& key : keys) key.erase("kid");
     }},
};

constexpr const char* kHtml = "html";
constexpr const char* kRedirect = "redirect";
constexpr const char* kOversized = "oversized";
constexpr const char* kOfBody[] = {kHtml, kRedirect, kOversized};

}  // namespace

std::string CertsDamages() {
  std::string words;
  for (const Row& row : kRows) words.append(words.empty() ? "" : " ").append(row.word);
  for (const char* word : kOfBody) words.append(" ").append(word);
  return words;
}

bool IsCertsDamage(std::string_view word) {
  for (const Row& row : kRows)
    if (word == row.word) return true;
  for (const char* other : kOfBody)
    if (word == other) return true;
  return false;
}

void DamageCerts(std::string_view word, Response& response) {
  if (word == kHtml) {
    response = MessagePage(200, "Welcome", "This is a page, and no document of keys.");
  } else if (word == kRedirect) {
    response = MessagePage(302, "Moved", "The keys are elsewhere.");
    response.headers.Set("location", kElsewhere);
  } else if (word == kOversized) {
    std::string padded = response.body.bytes();  // white space after JSON is still JSON
    padded.resize(padded.size() + kOverOneMebibyte, ' ');
    response.body = std::move(padded);
  }
  auto document = ParseJson(response.body.bytes());
  if (!document || Find(*document, "keys") == nullptr) return;
  for (const Row& row : kRows) {
    if (word != row.word) continue;
    row.change((*document)["keys"]);
    response.body = DumpJson(*document);
  }
}

}  // namespace mg::fake
