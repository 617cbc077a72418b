// What the registry accepts, checked before anything is written. Errors: kInvalid; the message
// quotes what was given and says what is right.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"

namespace mg {

// Which names of APP_DOMAIN are nobody's or lead elsewhere (TEN-3).
struct RegistryNames {
  std::string app_domain;
  std::string operator_host;
  std::vector<std::string> reserved_labels;
};

Status CheckSlug(std::string_view slug, const RegistryNames& names);  // and not a reserved label
Result<std::string> CheckTier(std::string_view tier);                 // normalised
Status CheckPlatform(std::string_view platform);                      // may be empty
Result<std::string> CheckDomain(std::string_view host);               // lower case, punycode
// `domain`, as CheckDomain gave it, can lead to a tenant. One label under APP_DOMAIN is looked up
// as a slug and never as a domain; the apex, reserved labels and deeper names are domains (TEN-3).
Status CheckReachable(std::string_view domain, const RegistryNames& names);
Result<std::string> CheckSubject(std::string_view given);  // lower-case email or "<id>.access"
Status CheckKeyName(std::string_view name);
Status CheckKeyLimit(std::int64_t limit_per_minute);

Error NoTenant(std::string_view slug);  // kNotFound

// "\"text\"", shortened: what a caller sent, for a message.
std::string Quoted(std::string_view text);

}  // namespace mg
