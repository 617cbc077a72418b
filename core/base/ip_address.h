// IP addresses as text: which network one belongs to.
#pragma once
#include <string>
#include <string_view>

namespace mg {

bool IsIpAddress(std::string_view text);  // IPv4 or IPv6, without brackets or a zone

// Whom an address stands for where clients are counted (LIM-5): an IPv4 address alone, an IPv6 one
// with its whole /64; a mapped IPv4 address counts as IPv4. Another text stands for itself.
std::string ClientNetwork(std::string_view address);

// "10.0.0.0/8", or an address alone. False when either is malformed.
bool CidrContains(std::string_view cidr, std::string_view address);

}  // namespace mg
