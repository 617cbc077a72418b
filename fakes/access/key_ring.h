// Which keys sign and which are listed: the current one and, until its grace is over, the one
// before (wire/access-edge-sandbox.md 1.2). Rotation is by hand or, every six weeks, by itself.
//
// Thread-safety: all members. Time: the caller's, in milliseconds; it may stand still.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "core/ports/runtime.h"
#include "fakes/access/signing.h"

namespace mg::fake {

class AccessKeyRing {
 public:
  struct Timing {
    std::int64_t now_ms = 0;
    std::int64_t grace_ms = 0;
    std::int64_t interval_ms = 0;
  };
  struct Listed {
    const SigningKey* current = nullptr;
    const SigningKey* previous = nullptr;  // null once it is dropped
    std::int64_t rotated_ms = 0;
  };

  explicit AccessKeyRing(std::int64_t now_ms) { Reset(now_ms); }

  Listed Now(const Timing& timing);
  void Rotate(const Timing& timing);
  void DropPrevious();
  void Reset(std::int64_t now_ms);

  // Of those that ship: never listed by a ring that has not come round, and weak.
  static const SigningKey& Unlisted();
  static const SigningKey& Weak();
  // Signed before the rotation, whether that key is still listed or not.
  const SigningKey& Former() const;

 private:
  void RotateLocked(std::int64_t at_ms, std::int64_t grace_ms);

  mutable Mutex mutex_;
  std::size_t current_ = 0;
  bool has_previous_ = true;
  std::int64_t rotated_ms_ = 0;
  std::int64_t previous_until_ms_ = 0;
};

std::string CertsDocument(const AccessKeyRing::Listed& listed);

}  // namespace mg::fake
