// What never reaches the gateway, and answers that never reach a client: malformed hosts, and what
// is larger than it may be (wire/access-edge-sandbox.md 2.2, 2.3).
//
// Thread-safety: free functions; a capped body belongs to its request.
#pragma once
#include <atomic>
#include <cstdint>
#include <memory>
#include <string_view>

#include "core/http/message.h"
#include "fakes/edge/settings.h"

namespace mg::fake {

// Exactly one Host line, of bytes that a host may have. Bytes over 0x7f pass, where Cloudflare's
// edge refuses them: the gateway maps them itself (TEN-1).
bool HostIsPlausible(const Headers& headers);

std::size_t HeaderBytes(const Headers& headers);

// Whether a body went past its limit; known once it has been read so far.
class BodyCap {
 public:
  bool exceeded() const { return *exceeded_; }

 private:
  friend BodyCap CapBody(Request& request, std::uint64_t limit);
  std::shared_ptr<std::atomic<bool>> exceeded_ = std::make_shared<std::atomic<bool>>(false);
};

// From here on, reading beyond the limit fails (kExhausted). A length that says so exceeds at once.
BodyCap CapBody(Request& request, std::uint64_t limit);

}  // namespace mg::fake
