// The few HTML pages of the gateway itself. Everything put into them is escaped.
#pragma once
#include <string>
#include <string_view>

#include "core/http/message.h"

namespace mg {

Response ErrorPage(int status, std::string_view message, std::string_view code);
Response LoadingPage(std::string_view state);  // reloads itself (SBX-2)

}  // namespace mg
