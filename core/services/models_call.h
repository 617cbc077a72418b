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

class ModelCall {
 public:
  ModelCall(ModelPorts ports, AiStrategy strategy, const std::vector<PlannedSend>& plan,
            std::string_view sandbox_id, std::string_view chat_json, std::string metadata_json,
            CancelToken& caller_gone);

  ModelAnswer Run();

 private:
  // What the caller would get if this were the last send, and whether another may follow.
  struct Sent {
    ModelAnswer answer;
    bool retry = false;
    std::optional<std::int64_t> retry_after_s;
  };

  Sent Send(const PlannedSend& send);
  Sent Read(const PlannedSend& send, Response response, Instant began);
  Sent Refused(const PlannedSend& send, const Response& response, std::string body, Nanos took);
  Sent Broken(const PlannedSend& send, const Error& error, Instant deadline);
  Result<std::string> ReadBody(const Body& body);
  void ReadStep(const PlannedSend& send, const Response& response, ModelAnswer& answer);
  // False: do not send again.
  bool Wait(const PlannedSend& next, const Sent& last);
  void LogFailure(const ModelAnswer& answer);

  ModelPorts ports_;
  AiStrategy strategy_;
  const std::vector<PlannedSend>& plan_;
  std::string_view sandbox_id_;
  std::string_view chat_json_;
  std::string metadata_json_;
  CancelToken& caller_gone_;
  Instant deadline_;
};

}  // namespace mg
