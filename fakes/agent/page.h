// The agent's control page. Everything put into it is escaped.
#pragma once
#include <string_view>

#include "core/http/message.h"

namespace mg::fake {

Response AgentPage(std::string_view user, std::string_view host);

}  // namespace mg::fake
