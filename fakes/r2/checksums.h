// What a client may say about its body beside SigV4's hash (wire/storage.md 4.8): Content-MD5 and
// x-amz-checksum-crc32, which the SDKs send by default.
#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "core/http/message.h"

namespace mg::fake {

inline constexpr std::string_view kCrc32Header = "x-amz-checksum-crc32";

std::string Crc32(std::string_view bytes);  // IEEE, four bytes big-endian

// The refusal when a checksum was sent and is not the body's. `md5` is the body's, raw.
std::optional<Response> CheckChecksums(const Request& request, std::string_view md5);

}  // namespace mg::fake
