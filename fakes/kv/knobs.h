// How the KV fake behaves where the service leaves it open (wire/storage.md 2.6).
#pragma once
#include <chrono>
#include <cstdint>

#include "core/ports/runtime.h"

namespace mg::fake {

struct KvKnobs {
  enum class Consistency {
    kStrong,
    // What a location has read, misses too, it reads again for `stale` at most, whoever writes
    // elsewhere; and a key takes one write a second.
    kEventual,
  };
  Consistency consistency = Consistency::kStrong;
  Nanos stale = std::chrono::seconds(60);
  bool sparse_pages = false;       // every other page of a listing is empty, with a cursor
  std::int64_t bulk_failures = 0;  // so many first keys of each bulk write do not arrive
};

}  // namespace mg::fake
