// SigV4 in headers as R2 checks it, in its order (wire/storage.md 4.3). Presigned addresses are a
// gap.
#pragma once
#include <optional>

#include "core/http/message.h"
#include "core/ports/runtime.h"
#include "fakes/credentials.h"

namespace mg::fake {

// The refusal, or nothing. Reads no body: its hash is CheckPayload's.
std::optional<Response> CheckSignature(const Request& request, const Credentials& credentials,
                                       WallTime now);

// Compares a body that is in memory with x-amz-content-sha256.
std::optional<Response> CheckPayload(const Request& request);

}  // namespace mg::fake
