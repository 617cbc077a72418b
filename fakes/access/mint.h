// A token to be made: an honest one by default, or one with exactly the damage that is asked for
// (wire/access-edge-sandbox.md 1.15). Its JSON form serves scenarios, the control API and the
// command line: {"email": "ann@acme.test", "claims": {"iat": null}, "signed_by": "weak"}.
#pragma once
#include <cstdint>
#include <string>

#include "core/base/json_fwd.h"
#include "core/base/result.h"

namespace mg::fake {

struct Mint {
  std::string email;        // one of the two
  std::string common_name;  // "<id>.access"
  bool expired = false;
  bool wrong_audience = false;
  bool previous_key = false;  // signed with the key of before the rotation
  std::int64_t lifetime_seconds = 24 * 3600;

  std::int64_t clock_offset_seconds = 0;  // of iat, nbf and exp
  std::string claims_json;  // an object: set over the usual claims; null leaves one out
  std::string header_json;  // the same for the header
  enum class SignedBy { kUsual, kWeak, kUnlisted } signed_by = SignedBy::kUsual;
  std::string damage;  // a word of MintDamages(); empty: none
};

bool IsPlain(const Mint& mint);  // any other of the same person would do

// Errors: kInvalid, naming the field.
Result<Mint> MintFromJson(const Json& json);

// Every word of `damage`, a space between two.
std::string MintDamages();

}  // namespace mg::fake
