// Who the client is, for limits and logs (LIM-5).
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "core/http/message.h"

namespace mg {

// cf-connecting-ip when the peer is the trusted edge, else the peer's own address.
std::string ClientAddress(const Request& request, const Peer& peer,
                          const std::vector<std::string>& trusted_cidrs);

}  // namespace mg
