#include "fakes/routes.h"

#include "core/base/bytes.h"

namespace mg::fake {

bool MatchPath(std::string_view pattern, const std::vector<std::string>& segments,
               std::vector<std::string>& arguments) {
  if (pattern.empty()) return segments.empty();
  const auto parts = Split(pattern, '/');
  if (parts.size() != segments.size()) return false;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (parts[i] == "{}") {
      arguments.push_back(segments[i]);
    } else if (parts[i] != segments[i]) {
      return false;
    }
  }
  return true;
}

}  // namespace mg::fake
