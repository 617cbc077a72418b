// What R2 refuses of a request before it looks at bucket or object (wire/storage.md 4.4):
// sub-resources and headers of S3 that it does not do, with its own 501, and those that this fake
// does not do.
#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "core/http/message.h"
#include "fakes/r2/query.h"

namespace mg::fake {

std::optional<Response> ScreenBucketQuery(std::string_view method, const S3Query& query);
std::optional<Response> ScreenObjectQuery(std::string_view method, const S3Query& query);
// `operation`: "r2.put".
std::optional<Response> ScreenHeaders(const Headers& headers, std::string_view operation);

}  // namespace mg::fake
