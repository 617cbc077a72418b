// Conditional requests (RFC 9110 13, wire/storage.md 4.6) and ranges as R2 takes them.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/http/message.h"
#include "fakes/r2/store.h"

namespace mg::fake {

struct Conditions {
  std::optional<std::string> if_match;
  std::optional<std::string> if_none_match;
  std::optional<std::int64_t> if_modified_since;    // seconds
  std::optional<std::int64_t> if_unmodified_since;  // seconds

  bool any() const { return if_match || if_none_match || if_modified_since || if_unmodified_since; }
};

// The headers `<prefix>if-match` and so on. A date that cannot be read says nothing.
Conditions ReadConditions(const Headers& headers, std::string_view prefix = "");

enum class Verdict { kHolds, kFailed, kNotModified };
// For reads: If-None-Match and If-Modified-Since fail as "not modified".
Verdict Judge(const Conditions& conditions, const R2Object& object);
// For writes; nullptr: there is no such object.
bool Holds(const Conditions& conditions, const R2Object* object);

struct ByteRange {
  std::int64_t start = 0;
  std::int64_t size = 0;
};

// The range of an object of `size_bytes`, or the refusal. One range, or nothing at all.
std::optional<Response> ReadRange(std::string_view header, std::int64_t size_bytes, ByteRange& out);
// "bytes=a-b" of x-amz-copy-source-range; the end is clamped.
std::optional<Response> ReadCopyRange(std::string_view header, std::int64_t size_bytes,
                                      ByteRange& out);

}  // namespace mg::fake
