// Workers KV's limits and refusals (wire/storage.md 2.2 to 2.5). Codes and texts that were never
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

inline constexpr std::size_t kMaxNamespaces = 1000;
inline constexpr std::size_t kMaxTitleBytes = 512;
inline constexpr std::int64_t kNamespacesPerPage = 20;
inline constexpr std::int64_t kMaxNamespacesPerPage = 1000;  // more is cut to it: UNCONFIRMED

inline constexpr std::size_t kMaxBulkPairs = 10'000;
inline constexpr std::size_t kMaxBulkBytes = 100'000'000;
inline constexpr std::size_t kMaxBulkGetKeys = 100;
inline constexpr std::size_t kMaxBulkGetBytes = 26'214'400;
inline constexpr std::size_t kMaxRequestBytes = 64 * 1024;  // of a namespace's JSON

// A multipart body may add this much around the value: part headers, metadata, boundaries.
inline constexpr std::size_t kMultipartSlackBytes = 64 * 1024;
inline constexpr std::int64_t kBodyReadMs = 60'000;

inline constexpr std::int64_t kWriteIntervalMs = 1000;  // between two writes of a key

inline constexpr const char* kContentType = "application/json; charset=UTF-8";
inline constexpr const char* kDefaultTitle = "moltgate";  // of the configured namespace

inline constexpr std::int64_t kKeyNotFoundCode = 10009;
inline constexpr std::int64_t kBadNamespaceCode = 10011;
inline constexpr std::int64_t kBadBodyCode = 10012;  // seen for bulk bodies; multipart: UNCONFIRMED
inline constexpr std::int64_t kNamespaceNotFoundCode = 10013;
inline constexpr std::int64_t kTitleTakenCode = 10014;
inline constexpr std::int64_t kBadTitleCode = 10019;           // too long: UNCONFIRMED
inline constexpr std::int64_t kBadListArgumentCode = 10028;    // cursor: UNCONFIRMED
inline constexpr std::int64_t kTooFewKeysCode = 10029;         // too many: UNCONFIRMED
inline constexpr std::int64_t kBadExpirationCode = 10034;      // `expiration`: UNCONFIRMED
inline constexpr std::int64_t kBadKeyCode = 10020;             // UNCONFIRMED
inline constexpr std::int64_t kTooLargeCode = 10021;           // UNCONFIRMED
inline constexpr std::int64_t kTooManyNamespacesCode = 10022;  // UNCONFIRMED
inline constexpr std::int64_t kInternalCode = 10500;           // UNCONFIRMED

inline constexpr const char* kTitleTaken =
    "a namespace with this account ID and title already exists";
inline constexpr const char* kEmptyTitle = "namespace title must not be empty";  // UNCONFIRMED
inline constexpr const char* kLongTitle =
    "namespace title must not exceed 512 bytes";  // UNCONFIRMED
inline constexpr const char* kTooManyNamespaces =
    "the account has reached its limit of 1000 namespaces";  // UNCONFIRMED

}  // namespace mg::fake::kv
