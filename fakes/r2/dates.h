// The dates of S3's headers.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/ports/runtime.h"

namespace mg::fake {

// "20261122T225103Z", and nothing else.
std::optional<WallTime> ParseAmzDate(std::string_view text);

std::string HttpDateOf(std::int64_t ms);  // "Sun, 06 Nov 1994 08:49:37 GMT"
std::optional<std::int64_t> ParseHttpDate(std::string_view text);  // seconds; that form alone

}  // namespace mg::fake
