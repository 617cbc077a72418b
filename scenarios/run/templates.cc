#include "scenarios/run/templates.h"

#include "core/base/bytes.h"

namespace mg::scenario {

std::vector<TemplatePart> TemplateParts(std::string_view text) {
  std::vector<TemplatePart> parts;
  const std::size_t size = text.size();
  while (!text.empty()) {
    const std::size_t open = text.find("{{");
    const std::size_t close = open == std::string_view::npos ? open : text.find("}}", open + 2);
    if (close == std::string_view::npos) {
      parts.push_back({false, false, std::string(text)});
      break;
    }
    if (open > 0) parts.push_back({false, false, std::string(text.substr(0, open))});
    const std::string_view name = TrimSpace(text.substr(open + 2, close - open - 2));
    parts.push_back({true, open == 0 && close + 2 == size, std::string(name)});
    text.remove_prefix(close + 2);
  }
  return parts;
}

}  // namespace mg::scenario
