// JSON strings for what is written on every request, as a log line is: no parser, no tree.
#pragma once
#include <string>
#include <string_view>

namespace mg {

// Appends `text` in quotes, escaped. Bytes that are not UTF-8 become U+FFFD, one for each.
void AppendJsonString(std::string& out, std::string_view text);

}  // namespace mg
