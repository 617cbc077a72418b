#include "core/services/registry_input.h"

#include <algorithm>
#include <array>
#include <utility>

#include "core/base/bytes.h"
#include "core/base/ids.h"
#include "core/http/host.h"
#include "core/services/tenants.h"

namespace mg {
namespace {

constexpr std::array<std::string_view, 3> kReservedLabels{"www", "api", "admin"};
constexpr std::string_view kServiceSuffix = ".access";
constexpr std::size_t kMaxQuoted = 80;
constexpr std::size_t kMaxPlatform = 64;  // AIG-1: a metadata value
constexpr std::size_t kMaxKeyName = 128;
constexpr std::size_t kMaxSubject = 254;  // RFC 5321's longest address
constexpr std::int64_t kMaxKeyLimit = 1'000'000'000;

Error Invalid(std::string message) {
  return Error{Code::kInvalid, std::move(message), false};
}

bool IsPlainText(std::string_view text, std::size_t longest) {
  return text.size() <= longest && IsValidUtf8(text) &&
         std::none_of(text.begin(), text.end(),
                      [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

bool IsServiceToken(std::string_view text) {
  if (text.size() <= kServiceSuffix.size()) return false;
  const std::string_view id = text.substr(0, text.size() - kServiceSuffix.size());
  return text.substr(id.size()) == kServiceSuffix &&
         id.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-_") == std::string_view::npos;
}

bool IsEmail(std::string_view text) {
  const std::size_t at = text.find('@');
  if (at == std::string_view::npos || at == 0 || at + 1 == text.size()) return false;
  return text.find('@', at + 1) == std::string_view::npos && text.find(' ') == text.npos;
}

}  // namespace

std::string Quoted(std::string_view text) {
  const bool whole = text.size() <= kMaxQuoted;
  return '"' + std::string(text.substr(0, kMaxQuoted)) + (whole ? "\"" : "...\"");
}

Error NoTenant(std::string_view slug) {
  return Error{Code::kNotFound, "there is no tenant " + Quoted(slug), false};
}

Status CheckSlug(std::string_view slug) {
  if (!IsSlug(slug)) {
    return Invalid("slug " + Quoted(slug) +
                   " must be 1 to 63 of a-z, 0-9 and '-', neither beginning nor ending with '-'");
  }
  if (std::find(kReservedLabels.begin(), kReservedLabels.end(), slug) != kReservedLabels.end()) {
    return Invalid("slug " + Quoted(slug) + " is reserved, as are www, api and admin");
  }
  return Ok();
}

Result<std::string> CheckTier(std::string_view tier) {
  const std::string_view given = TrimSpace(tier);
  for (const Tier known : {Tier::kFree, Tier::kPremium, Tier::kEnterprise}) {
    if (EqualsIgnoreCase(given, TierName(known))) return std::string(TierName(known));
  }
  return Invalid("tier " + Quoted(tier) + " must be one of free, premium, enterprise");
}

Status CheckPlatform(std::string_view platform) {
  if (IsPlainText(platform, kMaxPlatform)) return Ok();
  return Invalid("platform " + Quoted(platform) +
                 " must be at most 64 bytes of text without control characters");
}

Result<std::string> CheckDomain(std::string_view host) {
  const auto parsed = ParseHost(host);
  const bool has_port = host.find(':') != std::string_view::npos;
  if (!parsed || parsed->is_ip_literal || has_port || parsed->name == "localhost") {
    return Invalid("domain " + Quoted(host) +
                   " must be a host name, without a port, not an IP address or localhost");
  }
  return parsed->name;
}

Result<std::string> CheckSubject(std::string_view given) {
  std::string subject = AsciiLower(given);
  if (IsPlainText(subject, kMaxSubject) && (IsEmail(subject) || IsServiceToken(subject))) {
    return subject;
  }
  return Invalid("subject " + Quoted(given) +
                 " must be an email address or a service token's \"<id>.access\"");
}

Status CheckKeyName(std::string_view name) {
  if (IsPlainText(name, kMaxKeyName)) return Ok();
  return Invalid("key name " + Quoted(name) +
                 " must be at most 128 bytes of text without control characters");
}

Status CheckKeyLimit(std::int64_t limit_per_minute) {
  if (limit_per_minute >= 0 && limit_per_minute <= kMaxKeyLimit) return Ok();
  return Invalid("limit " + std::to_string(limit_per_minute) +
                 " must be requests a minute, 0 (none) to 1000000000");
}

}  // namespace mg
