// The pages of the team site: the identity picker and short messages. Plain HTML that works without
// scripts; everything that came from outside is escaped.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "core/http/message.h"

namespace mg::fake {

// Posts `email` to the page's own address.
Response LoginPage(std::string_view application_host, const std::vector<std::string>& identities);
Response MessagePage(int status, std::string_view title, std::string_view text);

}  // namespace mg::fake
