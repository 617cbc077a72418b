#include "fakes/r2/conditions.h"

#include <algorithm>
#include <limits>

#include "core/base/bytes.h"
#include "fakes/r2/dates.h"
#include "fakes/r2/xml.h"

namespace mg::fake {
namespace {

std::optional<std::string> Text(const Headers& headers, const std::string& name) {
  if (!headers.Has(name)) return std::nullopt;
  return std::string(headers.Get(name));
}

std::optional<std::int64_t> Date(const Headers& headers, const std::string& name) {
  return ParseHttpDate(headers.Get(name));
}

// Lists, "*" and ETags without quotes are taken. Strong: a weak one is equal to nothing.
bool Lists(std::string_view list, std::string_view etag, bool strong) {
  for (const std::string_view part : Split(list, ',')) {
    std::string_view one = TrimSpace(part);
    if (one == "*") return true;
    const bool weak = one.substr(0, 2) == "W/";
    if (weak) one.remove_prefix(2);
    if (one.size() >= 2 && one.front() == '"' && one.back() == '"')
      one = one.substr(1, one.size() - 2);
    if (one == etag && !(weak && strong)) return true;
  }
  return false;
}

Response NotSatisfiable() {
  return S3Error(416, "InvalidRange", "The requested range is not satisfiable");
}

struct Bounds {
  std::optional<std::int64_t> first;
  std::optional<std::int64_t> last;  // alone: how many from the end
};

// Digits beyond any object mean its end.
std::optional<std::int64_t> Position(std::string_view digits) {
  if (digits.empty() || digits.find_first_not_of("0123456789") != std::string_view::npos)
    return std::nullopt;
  return ParseInt(digits).value_or(std::numeric_limits<std::int64_t>::max());
}

std::optional<Bounds> ParseBounds(std::string_view header) {
  constexpr std::string_view kUnit = "bytes=";
  if (header.substr(0, kUnit.size()) != kUnit) return std::nullopt;
  header.remove_prefix(kUnit.size());
  const std::size_t dash = header.find('-');
  if (dash == std::string_view::npos) return std::nullopt;
  Bounds bounds{Position(header.substr(0, dash)), Position(header.substr(dash + 1))};
  if (!bounds.first && dash != 0) return std::nullopt;
  if (!bounds.last && dash + 1 != header.size()) return std::nullopt;
  if (!bounds.first && !bounds.last) return std::nullopt;
  return bounds;
}

}  // namespace

Conditions ReadConditions(const Headers& headers, std::string_view prefix) {
  const std::string start(prefix);
  return {Text(headers, start + "if-match"), Text(headers, start + "if-none-match"),
          Date(headers, start + "if-modified-since"), Date(headers, start + "if-unmodified-since")};
}

Verdict Judge(const Conditions& conditions, const R2Object& object) {
  const std::int64_t modified = object.modified_ms / 1000;
  if (conditions.if_match) {
    if (!Lists(*conditions.if_match, object.etag, true)) return Verdict::kFailed;
  } else if (conditions.if_unmodified_since && modified > *conditions.if_unmodified_since) {
    return Verdict::kFailed;
  }
  if (conditions.if_none_match) {
    if (Lists(*conditions.if_none_match, object.etag, false)) return Verdict::kNotModified;
  } else if (conditions.if_modified_since && modified <= *conditions.if_modified_since) {
    return Verdict::kNotModified;
  }
  return Verdict::kHolds;
}

bool Holds(const Conditions& conditions, const R2Object* object) {
  if (object != nullptr) return Judge(conditions, *object) == Verdict::kHolds;
  return !conditions.if_match && !conditions.if_modified_since;
}

std::optional<Response> ReadRange(std::string_view header, std::int64_t size_bytes,
                                  ByteRange& out) {
  const auto bounds = ParseBounds(header);
  if (!bounds) {
    return S3InvalidArgument(
        "range must be in format 'bytes=start-end', 'bytes=start-' or 'bytes=-suffix'.'");
  }
  if (!bounds->first) {
    out.size = std::min(*bounds->last, size_bytes);
    out.start = size_bytes - out.size;
    return out.size == 0 ? std::optional<Response>(NotSatisfiable()) : std::nullopt;
  }
  if (bounds->last && *bounds->first > *bounds->last)
    return S3InvalidArgument("range must be positive.");
  if (*bounds->first >= size_bytes) return NotSatisfiable();
  out.start = *bounds->first;
  const std::int64_t last = std::min(bounds->last.value_or(size_bytes - 1), size_bytes - 1);
  out.size = last - out.start + 1;
  return std::nullopt;
}

std::optional<Response> ReadCopyRange(std::string_view header, std::int64_t size_bytes,
                                      ByteRange& out) {
  const auto bounds = ParseBounds(header);
  if (!bounds || !bounds->first || !bounds->last) {
    return S3InvalidArgument("x-amz-copy-source-range must be in format 'bytes=start-end'.");
  }
  if (*bounds->first > *bounds->last)
    return S3InvalidArgument("x-amz-copy-source-range must be positive.");
  return ReadRange(header, size_bytes, out);
}

}  // namespace mg::fake
