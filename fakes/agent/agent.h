// A small stand-in for the tenant's agent. It answers /health, shows a control page, says on GET
// /headers what it was sent, and on POST /chat asks the model through the gateway's internal
// endpoint with its sandbox token.
//
// Thread-safety: Handle from any task.
#pragma once
#include <map>
#include <string>

#include "core/base/result.h"
#include "core/http/message.h"
#include "core/ports/runtime.h"
#include "core/ports/transport.h"

namespace mg::fake {

struct AgentSettings {
  std::string gateway_token;  // what the gateway must present
  std::string model_origin;   // "http://127.0.0.1:40001"
  std::string model_path;     // "/internal/model/v1"
  std::string sandbox_token;
};

// From what the gateway gives an agent (SBX-3): OPENCLAW_GATEWAY_TOKEN, OPENAI_BASE_URL,
// OPENAI_API_KEY. Errors: kInvalid, naming the variable.
Result<AgentSettings> AgentSettingsFrom(const std::map<std::string, std::string>& environment);

class Agent final : public Handler {
 public:
  Agent(AgentSettings settings, Transport& transport, Runtime& runtime);
  Response Handle(Request& request, const Peer& peer, CancelToken& caller_gone) override;

 private:
  Response Chat(Request& request, CancelToken& caller_gone);
  AgentSettings settings_;
  Transport& transport_;
  Runtime& runtime_;
};

}  // namespace mg::fake
