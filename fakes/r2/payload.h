// Reads a request's body as its signature says it is framed, and checks it against every claim.
#pragma once
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "core/http/message.h"
#include "core/ports/runtime.h"
#include "fakes/r2/auth.h"
#include "fakes/r2/checksums.h"

namespace mg::fake {

struct Payload {
  std::uint64_t size_bytes = 0;
  std::string md5;  // raw
  std::optional<Algorithm> algorithm;
  std::string checksum;  // raw, of that algorithm
};

using PayloadSink = std::function<Status(std::string_view)>;

// The refusal, or nothing: then `sink` has had all of the body, piece by piece. After a refusal
// what it has had means nothing. At most `limit` bytes. `wanted`: a checksum that is to be known
// whether or not it was claimed.
std::optional<Response> ReadPayload(Request& request, const Signed& signature, Runtime& runtime,
                                    std::uint64_t limit, std::optional<Algorithm> wanted,
                                    const PayloadSink& sink, Payload& out);

// A body that is a document, in memory.
std::optional<Response> ReadDocument(Request& request, const Signed& signature, Runtime& runtime,
                                     std::string& out);

// The length it will have, known beforehand; nullopt when the client does not say.
std::optional<std::uint64_t> DeclaredLength(const Request& request, const Signed& signature);

}  // namespace mg::fake
