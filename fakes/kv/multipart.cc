#include "fakes/kv/multipart.h"

#include <cstddef>
#include <string>

#include "core/base/bytes.h"

namespace mg::fake::kv {
namespace {

constexpr std::size_t kMaxParts = 16;
constexpr std::size_t kMaxPartHeadBytes = 4096;
constexpr std::size_t kMaxBoundaryBytes = 70;  // RFC 2046 5.1.1
constexpr std::string_view kFormData = "multipart/form-data";

// The value of parameter `name` in "type; a=b; c=\"d\""; nullopt when absent. A quoted value must
// not hold a quote or a backslash: no client sends one.
std::optional<std::string_view> Parameter(std::string_view text, std::string_view name) {
  std::size_t at = text.find(';');
  while (at != std::string_view::npos) {
    std::string_view rest = TrimSpace(text.substr(at + 1));
    const std::size_t equals = rest.find('=');
    if (equals == std::string_view::npos) return std::nullopt;
    const bool found = EqualsIgnoreCase(TrimSpace(rest.substr(0, equals)), name);
    rest = rest.substr(equals + 1);
    std::string_view value;
    if (!rest.empty() && rest.front() == '"') {
      const std::size_t close = rest.find('"', 1);
      if (close == std::string_view::npos) return std::nullopt;
      value = rest.substr(1, close - 1);
      rest = rest.substr(close + 1);
    } else {
      value = TrimSpace(rest.substr(0, rest.find(';')));
    }
    if (found) return value;
    text = rest;
    at = text.find(';');
  }
  return std::nullopt;
}

// The name of a part, from its head lines; nullopt when it is not a named form-data part.
std::optional<std::string_view> PartName(std::string_view head) {
  constexpr std::string_view kField = "content-disposition";
  for (std::string_view line : Split(head, '\n')) {
    line = TrimSpace(line);
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos) continue;
    if (!EqualsIgnoreCase(TrimSpace(line.substr(0, colon)), kField)) continue;
    const std::string_view value = TrimSpace(line.substr(colon + 1));
    if (!EqualsIgnoreCase(TrimSpace(value.substr(0, value.find(';'))), "form-data")) break;
    return Parameter(value, "name");
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::string_view> MultipartBoundary(std::string_view content_type) {
  const std::string_view type = TrimSpace(content_type.substr(0, content_type.find(';')));
  if (!EqualsIgnoreCase(type, kFormData)) return std::nullopt;
  const auto boundary = Parameter(content_type, "boundary");
  if (!boundary || boundary->size() > kMaxBoundaryBytes) return std::string_view();
  return boundary;
}

std::optional<std::vector<Part>> ParseMultipart(std::string_view body, std::string_view boundary) {
  if (boundary.empty()) return std::nullopt;
  const std::string delimiter = "\r\n--" + std::string(boundary);
  const std::string_view first = std::string_view(delimiter).substr(2);
  if (body.substr(0, first.size()) != first) return std::nullopt;
  std::string_view rest = body.substr(first.size());
  std::vector<Part> parts;
  while (rest.substr(0, 2) != "--") {
    if (rest.substr(0, 2) != "\r\n" || parts.size() == kMaxParts) return std::nullopt;
    rest.remove_prefix(2);
    const std::size_t head_end = rest.substr(0, kMaxPartHeadBytes).find("\r\n\r\n");
    if (head_end == std::string_view::npos) return std::nullopt;
    const auto name = PartName(rest.substr(0, head_end));
    rest.remove_prefix(head_end + 4);
    // An empty part's delimiter may use the blank line's own CRLF; no client sends that.
    const std::size_t end = rest.find(delimiter);
    if (!name || end == std::string_view::npos) return std::nullopt;
    parts.push_back(Part{*name, rest.substr(0, end)});
    rest.remove_prefix(end + delimiter.size());
  }
  return parts;
}

}  // namespace mg::fake::kv
