// Lengths of time as people write them: "250ms", "1.5s", "7d".
//
// Errors: kInvalid, quoting the text.
#pragma once
#include <chrono>
#include <string>
#include <string_view>

#include "core/base/result.h"

namespace mg {

// A decimal number and its unit at once: ns, us, ms, s, m, h or d. The whole text must parse, to
// whole nanoseconds; no sign, no space, no exponent.
Result<std::chrono::nanoseconds> ParseDuration(std::string_view text);

// In the largest unit that needs no fraction: "90s", "1500ms", "0s". ParseDuration reads it back;
// a negative one begins with '-', which it does not read.
std::string DurationText(std::chrono::nanoseconds duration);

}  // namespace mg
