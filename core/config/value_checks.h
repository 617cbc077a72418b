// The syntax of configured values. Every check is total and takes the value as it will be used:
// lower case, no white space round it.
#pragma once
#include <string_view>

namespace mg {

bool IsHost(std::string_view text);           // LDH labels, at most 253 bytes, not an IP address
bool IsHttpUrl(std::string_view text);        // http(s)://host[:port][/path], no trailing slash
bool IsHttpOrigin(std::string_view text);     // http(s)://host[:port]
bool IsCidr(std::string_view text);           // "10.0.0.0/8", "2400:cb00::/32"
bool IsListenAddress(std::string_view text);  // "127.0.0.1:8787", "[::1]:0", "localhost:80"
bool IsVisibleText(std::string_view text);    // printable ASCII without spaces, not empty

}  // namespace mg
