// How busy the D1 fake is (wire/storage.md 3.5): one database answers one call at a time.
#pragma once
#include <cstdint>

#include "core/ports/runtime.h"

namespace mg::fake {

struct D1Knobs {
  Nanos query_time = Nanos::zero();      // how long a call keeps its database busy
  std::int64_t queue_max = 0;            // calls that may wait; 0: any number
  Nanos queue_wait_max = Nanos::zero();  // how long one may wait; 0: as long as it takes

  bool waits() const { return query_time > Nanos::zero(); }
};

}  // namespace mg::fake
