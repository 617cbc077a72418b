// Damage to a token that is otherwise good, by name: what an attacker would send
// (wire/access-edge-sandbox.md 1.15).
//
// Thread-safety: pure functions.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "fakes/access/signing.h"

namespace mg::fake {

struct TokenParts {
  std::string header;  // JSON texts
  std::string claims;
};

struct ForgeWord {
  std::string name;
  std::string about;
};
const std::vector<ForgeWord>& ForgeWords();

// The compact token, damaged as `word` says ("": honest). A word that is not known is a broken
// promise (MG_CHECK).
std::string SignedToken(TokenParts parts, const SigningKey& key, std::string_view word);

}  // namespace mg::fake
