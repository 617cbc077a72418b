// Identifiers: how they are made from random bytes, and what a well-formed one looks like.
#pragma once
#include <optional>
#include <string>
#include <string_view>

namespace mg {

// TEN-6: "sk-" + first 16 hex digits of SHA-256(the UUID as lower-case text).
std::string DeriveSandboxId(std::string_view tenant_id);
bool IsSandboxId(std::string_view text);  // ^sk-[a-f0-9]{16}$

// TEN-2: ^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$
bool IsSlug(std::string_view text);

bool IsUuid(std::string_view text);                   // 8-4-4-4-12 lower-case hex
std::string UuidFromBytes(std::string_view sixteen);  // version 4
std::string TokenFromBytes(std::string_view prefix, std::string_view random);  // "mk_" + base64url

}  // namespace mg
