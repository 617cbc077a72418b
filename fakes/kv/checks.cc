#include "fakes/kv/checks.h"

#include <limits>

#include "core/base/bytes.h"
#include "fakes/kv/limits.h"
#include "fakes/v4.h"

namespace mg::fake::kv {
namespace {

Expiry ReadTtl(const std::string& text, std::int64_t now) {
  const std::string start = "Invalid expiration_ttl of " + text + ". ";
  const auto ttl = ParseInt(text);
  if (!ttl || *ttl <= 0) {
    return Refuse(400, kBadExpirationCode, start + "Please specify integer greater than 0.");
  }
  if (*ttl < kMinTtlSeconds) {
    return Refuse(
        400, kBadExpirationCode,
        start + "Expiration TTL must be at least " + std::to_string(kMinTtlSeconds) + ".");
  }
  constexpr std::int64_t kLatest = std::numeric_limits<std::int64_t>::max();
  return std::optional<std::int64_t>(*ttl > kLatest - now ? kLatest : now + *ttl);
}

Expiry ReadAt(const std::string& text, std::int64_t now) {
  const std::string start = "Invalid expiration of " + text + ". ";
  const auto at = ParseInt(text);
  if (!at || *at <= now) {
    return Refuse(400, kBadExpirationCode,
                  start +
                      "Please specify integer greater than the current number of seconds since the "
                      "UNIX epoch.");
  }
  if (*at < now + kMinTtlSeconds) {
    return Refuse(400, kBadExpirationCode,
                  start + "Expiration times must be at least " + std::to_string(kMinTtlSeconds) +
                      " seconds in the future.");
  }
  return std::optional<std::int64_t>(*at);
}

}  // namespace

Response Typed(Response response) {
  response.headers.Set("content-type", kContentType);
  return response;
}

Response Refuse(int status, std::int64_t code, std::string_view message) {
  return Typed(V4Error(status, code, message));
}

Response StoreFailed() {
  return Refuse(500, kInternalCode, "the store failed");
}

Response TooLarge(std::string_view what, std::uint64_t length, std::size_t limit) {
  return Refuse(413, kTooLargeCode,
                std::string(what) + " length of " + std::to_string(length) + " exceeds limit of " +
                    std::to_string(limit) + ".");
}

std::optional<Response> CheckKey(const std::string& key) {
  if (key.empty()) return Refuse(400, kBadKeyCode, "Key names must not be empty");
  if (key == "." || key == "..") {
    return Refuse(400, kBadKeyCode,
                  "Illegal key name \"" + key + "\". Please use a different name.");
  }
  if (key.size() > kMaxKeyBytes) {
    return Refuse(414, kBadKeyCode,
                  "UTF-8 encoded length of " + std::to_string(key.size()) +
                      " exceeds key length limit of " + std::to_string(kMaxKeyBytes) + ".");
  }
  if (!IsValidUtf8(key)) return Refuse(400, kBadKeyCode, "Key names must be UTF-8");
  return std::nullopt;
}

std::optional<Response> CheckMetadata(std::string_view metadata_json) {
  if (metadata_json.size() <= kMaxMetadataBytes) return std::nullopt;
  return TooLarge("Metadata", metadata_json.size(), kMaxMetadataBytes);
}

Expiry ReadExpiry(const std::optional<std::string>& ttl, const std::optional<std::string>& at,
                  std::int64_t now_seconds) {
  if (ttl) return ReadTtl(*ttl, now_seconds);
  if (at) return ReadAt(*at, now_seconds);
  return std::optional<std::int64_t>();
}

}  // namespace mg::fake::kv
