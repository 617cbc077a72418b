// One model request: its sends in order, until an answer, a refusal or the deadline (AIG-5, AIG-6,
// AIG-10). Lives on the stack of Models::Complete.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/clients/ai_gateway.h"
#include "core/ports/log.h"
#include "core/ports/random.h"
#include "core/ports/runtime.h"
#include "core/services/models.h"

namespace mg {

struct ModelPorts {
  AiGatewayClient& client;
  Runtime& runtime;
  Random& random;
  Log& log;
};

struct ModelPolicy {
  AiStrategy strategy;
  const std::vector<PlannedSend>& plan;
  const StreamLimits& stream_limits;
};

struct ModelQuestion {
  std::string_view sandbox_id;
  const ChatBody& chat;
  std::string metadata_json;
};

class ModelCall {
 public:
  ModelCall(ModelPorts ports, ModelPolicy policy, ModelQuestion question, CancelToken& caller_gone);

  ModelAnswer Run();

 private:
  // What the caller would get if this were the last send, and whether another may follow.
  struct Sent {
    ModelAnswer answer;
    bool retry = false;
    std::optional<std::int64_t> retry_after_s;
  };

  Sent Send(const PlannedSend& send);
  Result<Response> Ask(const PlannedSend& send, const Deadlines& deadlines);
  Sent Read(const PlannedSend& send, Response response, Instant began, Instant first_byte_due);
  Sent Streamed(const PlannedSend& send, const Response& response, std::string first, Nanos took);
  Sent Whole(const PlannedSend& send, const Response& response, std::string body, Nanos took);
  Sent Failed(const PlannedSend& send, const Response& response, int status,
              std::optional<AiFailure> failure, Nanos took);
  Sent Broken(const PlannedSend& send, const Error& error, Instant deadline);
  // What follows `start`, and `start` before it.
  Result<std::string> ReadBody(const Body& body, std::string start);
  void ReadServer(const PlannedSend& send, const Response& response, ModelAnswer& answer);
  std::size_t IndexOfStep(const PlannedSend& send, const Response& response);
  // False: do not send again.
  bool Wait(const PlannedSend& next, const Sent& last);
  void LogFailure(const ModelAnswer& answer);

  ModelPorts ports_;
  ModelPolicy policy_;
  ModelQuestion question_;
  CancelToken& caller_gone_;
  Instant deadline_;  // AIG-10: until the first byte goes to the caller
};

}  // namespace mg
