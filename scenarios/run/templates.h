// "{{name}}" in a text.
#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace mg::scenario {

struct TemplatePart {
  bool is_name = false;
  bool whole = false;  // the name is all there is
  std::string text;    // as it stands, or the name without braces and spaces
};

// "{{" without "}}" stands as it is.
std::vector<TemplatePart> TemplateParts(std::string_view text);

}  // namespace mg::scenario
