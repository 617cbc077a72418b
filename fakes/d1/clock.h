// SQLite asks its VFS what time it is: this one is the default VFS, but with the Runtime's
// calendar, so that datetime('now') and CURRENT_TIMESTAMP follow it.
//
// Ownership: outlives every connection opened with name().
#pragma once
#include <memory>
#include <string>

#include "core/ports/runtime.h"

namespace mg::fake::d1 {

class ClockVfs {
 public:
  explicit ClockVfs(Runtime& runtime);  // throws std::runtime_error when it cannot register
  ~ClockVfs();
  ClockVfs(const ClockVfs&) = delete;
  ClockVfs& operator=(const ClockVfs&) = delete;

  const char* name() const;

 private:
  struct Vfs;
  std::unique_ptr<Vfs> vfs_;
};

}  // namespace mg::fake::d1
