// What every fake is: a handler over a store and a clock, which says of each call what it was.
//
// Thread-safety: Handle is called from many tasks at once; a store serialises itself. No fake waits
// while it holds a lock.
#pragma once
#include <optional>
#include <string>

#include "core/http/message.h"
#include "core/ports/cancel.h"

namespace mg::fake {

struct CallNote;

// Where a fault may step in: the call is understood, and nothing has happened yet.
class FaultPoint {
 public:
  virtual ~FaultPoint() = default;
  // May wait. The answer, when a fault gives one: then the call has no effect.
  virtual std::optional<Response> Reached(CallNote& note) = 0;
};

// Filled by the fake as it learns what the call is; read by the journal afterwards.
struct CallNote {
  std::string operation;  // "kv.get", "d1.query", "r2.put", "access.certs", "ai.run"
  std::string subject;    // key, object, model, what SQL does: never a value, secret or text
  std::string tenant;     // sandbox id of the tenant it works for; "" unknown
  std::string model;
  std::string fault;            // the rule that fired
  int step = -1;                // of a universal request: the one that answered
  int attempt = 0;              // tries made, over all steps; 0 where nothing is tried again
  bool probe = false;           // a look from outside the world: no fault may meet it
  FaultPoint* point = nullptr;  // null: no faults

  // Every operation passes here when operation and subject are known and before its effect; what
  // comes back is to be answered as it is. No lock may be held.
  std::optional<Response> Begin() {
    return point == nullptr ? std::nullopt : point->Reached(*this);
  }
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
