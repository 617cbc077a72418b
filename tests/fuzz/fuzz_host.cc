// A host: whatever is accepted is within the grammar, and is accepted again as itself.
#include <algorithm>

#include "core/http/host.h"
#include "tests/fuzz/fuzz.h"

using namespace mg;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Result<HostName> host = ParseHost(Text(data, size));
  if (!host) {
    Require(host.error().code == Code::kInvalid);
    return 0;
  }
  const std::string& name = host->name;
  Require(!name.empty() && name.size() <= 253);
  Require(std::all_of(name.begin(), name.end(), [&host](char c) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.';
    return plain || (host->is_ip_literal && (c == '[' || c == ']' || c == ':'));
  }));
  const Result<HostName> again = ParseHost(name);
  Require(again.ok() && again->name == name && again->is_ip_literal == host->is_ip_literal);
  return 0;
}
