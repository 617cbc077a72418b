#include "core/base/ids.h"

#include "core/base/bytes.h"
#include "core/base/check.h"
#include "core/base/digest.h"

namespace mg {
namespace {

constexpr std::string_view kSandboxPrefix = "sk-";
constexpr std::size_t kSandboxDigits = 16;
constexpr std::size_t kSlugMax = 63;
constexpr std::size_t kUuidLength = 36;

bool IsLowerHex(std::string_view text) {
  return text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

bool IsDashPlace(std::size_t i) {
  return i == 8 || i == 13 || i == 18 || i == 23;
}

}  // namespace

std::string DeriveSandboxId(std::string_view tenant_id) {
  return std::string(kSandboxPrefix) + Sha256Hex(AsciiLower(tenant_id)).substr(0, kSandboxDigits);
}

bool IsSandboxId(std::string_view text) {
  return text.size() == kSandboxPrefix.size() + kSandboxDigits &&
         text.substr(0, kSandboxPrefix.size()) == kSandboxPrefix &&
         IsLowerHex(text.substr(kSandboxPrefix.size()));
}

bool IsSlug(std::string_view text) {
  if (text.empty() || text.size() > kSlugMax) return false;
  if (text.front() == '-' || text.back() == '-') return false;
  return text.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-") == std::string_view::npos;
}

bool IsUuid(std::string_view text) {
  if (text.size() != kUuidLength) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool fits = IsDashPlace(i) ? text[i] == '-' : IsLowerHex(text.substr(i, 1));
    if (!fits) return false;
  }
  return true;
}

std::string UuidFromBytes(std::string_view sixteen) {
  MG_CHECK(sixteen.size() == 16, "a UUID is made of 16 bytes");
  std::string bytes(sixteen);
  bytes[6] = static_cast<char>((static_cast<unsigned char>(bytes[6]) & 0x0f) | 0x40);  // version 4
  bytes[8] = static_cast<char>((static_cast<unsigned char>(bytes[8]) & 0x3f) | 0x80);  // RFC 9562
  const std::string digits = HexEncode(bytes);
  std::string uuid;
  uuid.reserve(kUuidLength);
  for (const char digit : digits) {
    if (IsDashPlace(uuid.size())) uuid += '-';
    uuid += digit;
  }
  return uuid;
}

std::string TokenFromBytes(std::string_view prefix, std::string_view random) {
  return std::string(prefix) + Base64UrlEncode(random);
}

}  // namespace mg
