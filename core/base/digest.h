// Digests and comparisons for credentials (libcrypto).
#pragma once
#include <string>
#include <string_view>

namespace mg {

std::string Sha256(std::string_view bytes);     // 32 raw bytes
std::string Sha256Hex(std::string_view bytes);  // 64 lower-case hex digits
std::string Sha1(std::string_view bytes);       // 20 raw bytes; WebSocket handshakes only
std::string Md5(std::string_view bytes);        // 16 raw bytes; ETags only
std::string HmacSha256(std::string_view key, std::string_view bytes);  // 32 raw bytes

// Time depends on the lengths alone. Different lengths are unequal.
bool ConstantTimeEqual(std::string_view a, std::string_view b);

}  // namespace mg
