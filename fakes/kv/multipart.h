// multipart/form-data as KV's PUT takes it (wire/storage.md 2.2): a few named parts, no nesting.
// Total over any bytes; the parts are views into the body.
#pragma once
#include <optional>
#include <string_view>
#include <vector>

namespace mg::fake::kv {

struct Part {
  std::string_view name;
  std::string_view bytes;
};

// The boundary of a multipart/form-data content type; nullopt for any other type.
// An empty one means: multipart, but without a usable boundary.
std::optional<std::string_view> MultipartBoundary(std::string_view content_type);

// nullopt when the body is not a whole multipart body of that boundary, or has too many parts.
std::optional<std::vector<Part>> ParseMultipart(std::string_view body, std::string_view boundary);

}  // namespace mg::fake::kv
