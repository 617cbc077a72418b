// R2 over the S3 API with SigV4 (wire/storage.md 4): put, get, head, delete of whole objects.
//
// Thread-safety: all members. Time: each call has a deadline of its own (30 s). Objects of up to
// 64 MiB.
// Errors: as Transport, and kUnauthenticated, kDenied, kNotFound (no such bucket), kExhausted
//   (slowed down), kUnavailable (5xx), kInvalid, kCorrupt.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/result.h"
#include "core/config/settings.h"
#include "core/ports/transport.h"

namespace mg {

struct ObjectInfo {
  std::uint64_t size_bytes = 0;
  std::string etag;  // without quotes
};

class R2Client {
 public:
  R2Client(Transport& transport, Runtime& runtime, R2Binding binding);

  Result<ObjectInfo> Put(std::string_view key, std::string_view bytes, CancelToken& cancel);
  Result<std::optional<std::string>> Get(std::string_view key, CancelToken& cancel);
  Result<std::optional<ObjectInfo>> Head(std::string_view key, CancelToken& cancel);
  Status Delete(std::string_view key, CancelToken& cancel);
  Status HeadBucket(CancelToken& cancel);

 private:
  Result<Response> Call(std::string method, std::string_view key, std::string_view bytes,
                        CancelToken& cancel);

  Transport& transport_;
  Runtime& runtime_;
  R2Binding binding_;
};

}  // namespace mg
