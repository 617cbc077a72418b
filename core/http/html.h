// Text for HTML.
#pragma once
#include <string>
#include <string_view>

namespace mg {

// For element content and for attribute values in either kind of quotes.
std::string EscapeHtml(std::string_view text);

}  // namespace mg
