#include "core/gateway/client_address.h"

#include "core/base/ip_address.h"

namespace mg {

std::string ClientAddress(const Request& request, const Peer& peer,
                          const std::vector<std::string>& trusted_cidrs) {
  bool trusted = peer.via_trusted_edge;
  for (const std::string& cidr : trusted_cidrs)
    trusted = trusted || CidrContains(cidr, peer.address);
  if (!trusted) return peer.address;
  const std::string_view claimed = request.headers.Get("cf-connecting-ip");
  return IsIpAddress(claimed) ? std::string(claimed) : peer.address;
}

}  // namespace mg
