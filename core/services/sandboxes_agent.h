// What an agent is given and how it is asked whether it lives: the parts of a sandbox's life that
// need no state.
#pragma once
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/ports/cancel.h"
#include "core/ports/transport.h"
#include "core/services/models.h"

namespace mg {

struct AgentSecrets {
  std::string agent_token;    // OPENCLAW_GATEWAY_TOKEN
  std::string sandbox_token;  // OPENAI_API_KEY, "st_..."
};

// SBX-3, the whole of it (the host adds PORT): PATH so that a script can be an agent, a HOME of its
// own so that no tenant's files meet another's (the agent creates it), nothing of this process.
std::map<std::string, std::string> AgentEnvironment(const RoutingView& routing,
                                                    const std::string& model_base_url,
                                                    const std::string& sandbox_id,
                                                    const AgentSecrets& secrets);

// Whether GET {origin}/health answers 200 before the deadline.
bool AnswersHealth(Transport& transport, const std::string& origin, Instant deadline,
                   CancelToken& cancel);

// Agents print what they like: their own tokens become "(hidden)".
void HideTokens(std::string& line, std::string_view agent_token);

// The end of what an agent said, short enough for one line of an error.
std::string LastLines(const std::vector<std::string>& output);

}  // namespace mg
