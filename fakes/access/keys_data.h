// The Access fake's RSA keys: fixed, so that tokens survive a restart (making a pair costs 80 to
// 480 ms), and public on purpose. Production refuses them by kid
// (core/services/access_verifier_known_fakes.h).
#pragma once
#include <cstddef>
#include <string_view>

namespace mg::fake {

struct AccessKeyData {
  std::string_view kid;  // SHA-256 of the public key in DER, lower-case hex
  std::string_view private_pem;
  std::string_view certificate_pem;  // self-signed
};

extern const AccessKeyData kCurrentAccessKey;   // signs
extern const AccessKeyData kPreviousAccessKey;  // listed beside it, as after a rotation

// What a rotation takes next, in turn; after the last one the previous key comes round again.
inline constexpr std::size_t kNextAccessKeyCount = 3;
extern const AccessKeyData kNextAccessKeys[kNextAccessKeyCount];

// 1024 bits: good signatures by a key that nobody may accept (the lever "weak_key").
extern const AccessKeyData kWeakAccessKey;

}  // namespace mg::fake
