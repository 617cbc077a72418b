// Workers KV's limits and refusals (wire/storage.md 2.2, 2.3, 2.5). Codes and texts that were never
// seen on the wire are marked UNCONFIRMED: change them here.
#pragma once
#include <cstddef>
#include <cstdint>

namespace mg::fake::kv {

inline constexpr std::size_t kMaxKeyBytes = 512;
inline constexpr std::size_t kMaxValueBytes = 26'214'400;
inline constexpr std::size_t kMaxMetadataBytes = 1024;
inline constexpr std::int64_t kMinTtlSeconds = 60;
inline constexpr std::int64_t kMinListLimit = 10;
inline constexpr std::int64_t kMaxListLimit = 1000;

// A multipart body may add this much around the value: part headers, metadata, boundaries.
inline constexpr std::size_t kMultipartSlackBytes = 64 * 1024;
inline constexpr std::int64_t kBodyReadMs = 60'000;

inline constexpr const char* kContentType = "application/json; charset=UTF-8";

inline constexpr std::int64_t kKeyNotFoundCode = 10009;
inline constexpr std::int64_t kBadNamespaceCode = 10011;
inline constexpr std::int64_t kBadBodyCode = 10012;  // seen for bulk bodies; multipart: UNCONFIRMED
inline constexpr std::int64_t kNamespaceNotFoundCode = 10013;
inline constexpr std::int64_t kBadListArgumentCode = 10028;  // cursor: UNCONFIRMED
inline constexpr std::int64_t kBadExpirationCode = 10034;    // `expiration`: UNCONFIRMED
inline constexpr std::int64_t kBadKeyCode = 10020;           // UNCONFIRMED
inline constexpr std::int64_t kTooLargeCode = 10021;         // UNCONFIRMED
inline constexpr std::int64_t kMethodCode = 10405;           // UNCONFIRMED
inline constexpr std::int64_t kInternalCode = 10500;         // UNCONFIRMED

}  // namespace mg::fake::kv
