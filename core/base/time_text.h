// Moments as headers and JSON spell them, in UTC; names of days and months follow no locale.
#pragma once
#include <cstdint>
#include <string>

namespace mg {

std::string HttpDate(
    std::int64_t epoch_seconds);  // "Sun, 06 Nov 1994 08:49:37 GMT", RFC 9110 5.6.7
std::string IsoSeconds(std::int64_t epoch_seconds);  // "1994-11-06T08:49:37Z"
std::string IsoMillis(std::int64_t epoch_ms);        // "1994-11-06T08:49:37.123Z"

}  // namespace mg
