#include "core/services/registry_input.h"

#include <algorithm>
#include <utility>

#include "core/base/bytes.h"
#include "core/base/ids.h"
#include "core/http/host.h"
#include "core/services/tenants.h"

namespace mg {
namespace {

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

bool IsReserved(std::string_view label, const RegistryNames& names) {
  const auto& reserved = names.reserved_labels;
  return std::find(reserved.begin(), reserved.end(), label) != reserved.end();
}

// "acme" of "acme.example.com" when the application's domain is example.com; else empty.
std::string_view LabelUnder(std::string_view app_domain, std::string_view domain) {
  if (app_domain.empty() || domain.size() <= app_domain.size() + 1) return {};
  const std::size_t dot = domain.size() - app_domain.size() - 1;
  if (domain[dot] != '.' || domain.substr(dot + 1) != app_domain) return {};
  const std::string_view label = domain.substr(0, dot);
  return label.find('.') == std::string_view::npos ? label : std::string_view();
}

}  // namespace

std::string Quoted(std::string_view text) {
  const bool whole = text.size() <= kMaxQuoted;
  return '"' + std::string(text.substr(0, kMaxQuoted)) + (whole ? "\"" : "...\"");
}

Error NoTenant(std::string_view slug) {
  return Error{Code::kNotFound, "there is no tenant " + Quoted(slug), false};
}

Status CheckSlug(std::string_view slug, const RegistryNames& names) {
  if (!IsSlug(slug)) {
    return Invalid("slug " + Quoted(slug) +
                   " must be 1 to 63 of a-z, 0-9 and '-', neither beginning nor ending with '-'");
  }
  if (IsReserved(slug, names)) {
    std::string all;
    for (const std::string& label : names.reserved_labels) all += (all.empty() ? "" : ", ") + label;
    return Invalid("slug " + Quoted(slug) + " is reserved; reserved are: " + all);
  }
  if (std::string(slug) + '.' + names.app_domain == names.operator_host) {
    return Invalid("slug " + Quoted(slug) + " is the operators' host " + names.operator_host);
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

Status CheckReachable(std::string_view domain, const RegistryNames& names) {
  if (domain == names.operator_host) {
    return Invalid("domain " + Quoted(domain) + " is the operators' host and leads to no tenant");
  }
  const std::string_view label = LabelUnder(names.app_domain, domain);
  if (label.empty() || IsReserved(label, names)) return Ok();
  return Invalid("domain " + Quoted(domain) + " leads to the tenant whose slug is " +
                 Quoted(label) + ", because it is one label under " + names.app_domain +
                 "; change that tenant's slug instead");
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
