// Points in time as people and APIs write them: RFC 3339 in UTC, milliseconds since the epoch.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace mg {

// "2026-01-15T09:59:58Z", fractions allowed. nullopt for anything else.
std::optional<std::int64_t> ParseUtcMs(std::string_view text);
std::string UtcText(std::int64_t ms);  // "2026-01-15T09:59:58.000Z"

}  // namespace mg
