// What the registry accepts, checked before anything is written. Errors: kInvalid; the message
// quotes what was given and says what is right.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "core/base/result.h"

namespace mg {

Status CheckSlug(std::string_view slug);                   // a slug, and not a reserved label
Result<std::string> CheckTier(std::string_view tier);      // normalised
Status CheckPlatform(std::string_view platform);           // may be empty
Result<std::string> CheckDomain(std::string_view host);    // lower case, punycode
Result<std::string> CheckSubject(std::string_view given);  // lower-case email or "<id>.access"
Status CheckKeyName(std::string_view name);
Status CheckKeyLimit(std::int64_t limit_per_minute);

Error NoTenant(std::string_view slug);  // kNotFound

// "\"text\"", shortened: what a caller sent, for a message.
std::string Quoted(std::string_view text);

}  // namespace mg
