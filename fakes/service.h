// What every fake is: a handler over a store and a clock, which says of each call what it was.
//
// Thread-safety: Handle is called from many tasks at once; a store serialises itself. No fake waits
// while it holds a lock.
#pragma once
#include <string>

#include "core/http/message.h"
#include "core/ports/cancel.h"

namespace mg::fake {

// Filled by the fake as it learns what the call is; read by the journal afterwards.
struct CallNote {
  std::string operation;  // "kv.get", "d1.query", "r2.put", "access.certs", "ai.run"
  std::string subject;    // key, database, object, model: never a value, secret or text
};

class Service {
 public:
  virtual ~Service() = default;
  virtual Response Handle(Request& request, CallNote& note, CancelToken& caller_gone) = 0;
  virtual void Reset() = 0;  // as on a first start: stores and counters emptied
};

// What the fake does not do is refused in the service's own shape with this header: <operation>.
inline constexpr const char* kGapHeader = "x-moltgate-gap";

}  // namespace mg::fake
