// S3's error documents (wire/storage.md 4.2).
#pragma once
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/http/message.h"

namespace mg::fake {

// Elements beside Code and Message, in order.
using XmlFields = std::vector<std::pair<std::string_view, std::string>>;

Response S3Error(int status, std::string_view code, std::string_view message,
                 const XmlFields& fields = {});
// What this fake does not do: 501 with the gap header. R2's own texts end in "not implemented" too.
Response S3Gap(std::string_view operation, const std::string& what);

Response S3InvalidArgument(std::string_view message);
Response S3InvalidRequest(std::string_view message);

}  // namespace mg::fake
