// Applications and policies in the API's form, read and written.
//
// Errors: kInvalid, in the words of the answer; for what the service knows and this fake does not
// the message begins with kNotDone.
#pragma once
#include <string>
#include <string_view>

#include "core/base/json_fwd.h"
#include "core/base/result.h"
#include "fakes/access/applications.h"

namespace mg::fake {

inline constexpr std::string_view kNotDone = "not done here: ";

// What `json` says over what `application` has. Ids, times and policies are the caller's.
Status ReadApplication(const Json& json, AccessApplication& application);
Status ReadPolicy(const Json& json, AccessPolicy& policy);

Json ApplicationToJson(const AccessApplication& application);
Json PolicyToJson(const AccessPolicy& policy);

// "24h", "1h30m", "0s": at most a month. Errors: kInvalid.
Result<std::int64_t> ReadGoSeconds(std::string_view text);
std::string GoDuration(std::int64_t seconds);

Result<std::int64_t> ReadIsoTime(
    std::string_view text);  // as IsoSeconds spells it, fractions allowed; ms

}  // namespace mg::fake
