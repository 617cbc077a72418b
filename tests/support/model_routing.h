// Models before the AI Gateway fake, in process and on a stepped clock, with answers of the test's
// own in front of the fake while there are any.
#pragma once
#include <gtest/gtest.h>

#include <deque>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "core/base/json.h"
#include "core/services/models.h"
#include "fakes/ai/gateway.h"
#include "tests/support/ai_wire.h"
#include "tests/support/fixed_random.h"
#include "tests/support/local_transport.h"
#include "tests/support/recording_log.h"
#include "tests/support/stepped_runtime.h"

namespace mg::test {

inline constexpr const char* kChat = R"({"messages":[{"role":"user","content":"What is 2+2?"}]})";
inline constexpr const char* kStreamedChat =
    R"({"stream":true,"messages":[{"role":"user","content":"What is 2+2?"}]})";

// The AI Gateway fake, with answers of the test's own in front of it while there are any.
class ScriptedGateway final : public Handler {
 public:
  explicit ScriptedGateway(fake::AiGateway& gateway) : gateway_(gateway) {}

  Response Handle(Request& request, const Peer&, CancelToken& caller_gone) override {
    {
      std::lock_guard lock(mutex_);
      requests_.push_back(request);
      if (!script.empty()) {
        Response next = std::move(script.front());
        script.pop_front();
        return next;
      }
    }
    fake::CallNote note;
    return gateway_.Handle(request, note, caller_gone);
  }

  std::vector<Request> requests() const {
    std::lock_guard lock(mutex_);
    return requests_;
  }
  // The models that the nth request (from 0) names.
  std::vector<std::string> ModelsOf(std::size_t n) const {
    std::vector<std::string> models;
    const auto body = ParseJson(requests().at(n).body.bytes());
    if (body->is_object()) return {StringAt(*body, "model")};
    for (const Json& step : *body) models.push_back(StringAt(step["query"], "model"));
    return models;
  }

  std::deque<Response> script;

 private:
  fake::AiGateway& gateway_;
  mutable std::mutex mutex_;
  std::vector<Request> requests_;
};

inline Response ModelFailure(int status, std::int64_t code = 0, const char* retry_after = nullptr) {
  Response response = JsonResponse(
      status, code == 0 ? "" : R"({"error":[{"code":)" + std::to_string(code) + R"(}]})");
  if (retry_after != nullptr) response.headers.Set("retry-after", retry_after);
  return response;
}

class ModelRouting : public ::testing::Test {
 protected:
  ModelRouting() {
    settings.ai_gateway.base = std::string(kWireOrigin) + "/v1/" + kWireAccount + "/moltgate";
    settings.ai_gateway.api_key = "gateway-token";
    transport.Route(kWireOrigin, service);
    tenant.id = "123e4567-e89b-12d3-a456-426614174000";
    tenant.slug = "acme";
    tenant.sandbox_id = "sk-986c0dc956dc822b";
  }

  ModelAnswer Complete(const std::string& chat = kChat) {
    AiGatewayClient client(transport, settings.ai_gateway);
    Models models(settings, client, runtime, random, log);
    return models.Complete(tenant, "chat", chat, caller);
  }
  void Premium() { tenant.tier = Tier::kPremium; }
  Nanos Elapsed() const { return runtime.Now() - Instant{}; }
  // Every send carried the metadata (AIG-1).
  void ExpectMetadataOnEverySend() const {
    for (const Request& request : service.requests())
      EXPECT_EQ(request.headers.Get("cf-aig-metadata"), MetadataJson(tenant, "chat"));
    for (const auto& seen : gateway.seen())
      EXPECT_EQ(seen.metadata_json, MetadataJson(tenant, "chat"));
  }

  Settings settings;
  Tenant tenant;
  SteppedRuntime runtime;
  FixedRandom random;
  RecordingLog log;
  const fake::Credentials credentials = WireCredentials();
  fake::Faults faults{runtime, 1};
  fake::AiGateway gateway{credentials, "", runtime, random, faults};
  ScriptedGateway service{gateway};
  LocalTransport transport{runtime};
  CancelToken caller;
};

}  // namespace mg::test
