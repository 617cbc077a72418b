// What KV refuses before it does anything (wire/storage.md 2.2), in its own words.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "core/http/message.h"

namespace mg::fake::kv {

Response Typed(Response response);  // with KV's content type
Response Refuse(int status, std::int64_t code, std::string_view message);
Response StoreFailed();
Response TooLarge(std::string_view what, std::uint64_t length, std::size_t limit);  // 413

std::optional<Response> CheckKey(const std::string& key);
std::optional<Response> CheckMetadata(std::string_view metadata_json);  // its length

// When an entry expires, in seconds since the epoch; nullopt in it for never.
using Expiry = std::variant<std::optional<std::int64_t>, Response>;
// Both as texts of numbers; expiration_ttl wins.
Expiry ReadExpiry(const std::optional<std::string>& ttl, const std::optional<std::string>& at,
                  std::int64_t now_seconds);

}  // namespace mg::fake::kv
