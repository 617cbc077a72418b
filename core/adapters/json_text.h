// JSON strings for lines and answers that the adapters write themselves: no parser, no tree.
#pragma once
#include <string>
#include <string_view>

namespace mg {

// Appends `text` in quotes, escaped. Bytes that are not UTF-8 become U+FFFD, one for each.
void AppendJsonString(std::string& out, std::string_view text);

}  // namespace mg
