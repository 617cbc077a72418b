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

std::optional<std::int64_t> ParseHttpDate(
    std::string_view text);  // seconds; as HttpDate spells it, alone

}  // namespace mg::fake
