// Workers KV over the v4 REST API (wire/storage.md 2.2).
//
// Thread-safety: all members. Time: each call has a deadline of its own (kKvCallMs).
// Errors: as Transport, and kUnauthenticated, kDenied, kExhausted (429), kUnavailable (5xx),
// kInvalid, kCorrupt.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/result.h"
#include "core/config/settings.h"
#include "core/ports/transport.h"

namespace mg {

inline constexpr std::int64_t kKvCallMs = 5'000;

class KvClient {
 public:
  KvClient(Transport& transport, Runtime& runtime, KvBinding binding);

  Result<std::optional<std::string>> Get(std::string_view key,
                                         CancelToken& cancel);  // nullopt: no such key
  // `ttl_seconds` of at least 60, or 0 for a value that stays.
  Status Put(std::string_view key, std::string_view value, std::int64_t ttl_seconds,
             CancelToken& cancel);
  Status Delete(std::string_view key, CancelToken& cancel);  // absent is fine

 private:
  Result<Response> Call(std::string_view method, std::string_view key, std::string_view query,
                        std::string body, CancelToken& cancel);

  Transport& transport_;
  Runtime& runtime_;
  KvBinding binding_;
};

}  // namespace mg
