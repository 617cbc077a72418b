// The AI Gateway fake for tests, with a clock that waits move and requests in a few words.
#pragma once
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "core/base/json.h"
#include "core/clients/chat_answer.h"
#include "fakes/ai/gateway.h"
#include "fakes/ai/knobs_json.h"
#include "tests/support/ai_wire.h"
#include "tests/support/fixed_random.h"
#include "tests/support/stepped_runtime.h"

namespace mg::test {

class AiGatewayFixture : public ::testing::Test {
 protected:
  Response Handle(Request request) { return gateway.Handle(request, note, caller); }

  Response Post(std::string target, std::string body, Headers extra = {}) {
    Request request;
    request.method = "POST";
    request.target = std::move(target);
    request.headers = Headers{{"cf-aig-authorization", "Bearer gateway-token"},
                              {"authorization", "Bearer workers-token"}};
    for (const auto& line : extra.lines()) request.headers.Set(line.name, line.value);
    request.body = Body(std::move(body));
    return Handle(std::move(request));
  }
  Response Chat(std::string body, Headers extra = {}) {
    return Post(base + "/workers-ai/v1/chat/completions", std::move(body), std::move(extra));
  }
  Response Native(std::string body) {
    return Post(base + "/workers-ai/" + kFreeModel, std::move(body));
  }
  static std::string Question(const std::string& model, const std::string& text = "2+2") {
    return DumpJson(
        {{"model", model}, {"messages", Json::array({{{"role", "user"}, {"content", text}}})}});
  }
  static std::string Step(const std::string& model, const std::string& config = "{}",
                          const std::string& token = "Bearer workers-token") {
    return R"({"provider":"workers-ai","endpoint":"v1/chat/completions","headers":{"Authorization":")" +
           token + R"("},"config":)" + config + R"(,"query":)" + Question(model) + "}";
  }
  // The events of a stream, without "data: " and blank lines; what ended it last when that was no
  // orderly end.
  static std::vector<std::string> Events(const Response& response) {
    std::vector<std::string> events;
    if (!response.body.is_stream()) return {"no stream: " + response.body.bytes()};
    std::string rest;
    for (;;) {
      auto piece = response.body.stream()->Next(kNever);
      if (!piece) {
        events.push_back("broken: " + piece.error().message);
        return events;
      }
      if (piece->empty()) return events;
      rest += *piece;
      for (std::size_t end = rest.find("\n\n"); end != std::string::npos; end = rest.find("\n\n")) {
        EXPECT_EQ(rest.substr(0, 6), "data: ");
        events.push_back(rest.substr(6, end - 6));
        rest.erase(0, end + 2);
      }
    }
  }
  void SetKnobs(const std::string& json) {
    fake::AiKnobs knobs = gateway.knobs();
    const Status set = fake::SetAiKnobs(*ParseJson(json), knobs);
    EXPECT_TRUE(set) << set.error().message;
    gateway.SetKnobs(knobs);
  }
  Nanos Elapsed() const { return runtime.Now() - Instant{}; }
  static Json Parsed(const Response& response) {
    auto json = ParseJson(response.body.bytes());
    EXPECT_TRUE(json.ok()) << response.body.bytes();
    return json.ok() ? *json : Json();
  }
  static std::int64_t CodeOf(const Response& response) {
    const auto failure = AiFailureIn(response.body.bytes());
    return failure ? failure->code.value_or(0) : 0;
  }

  const std::string base = std::string("/v1/") + kWireAccount + "/moltgate";
  const fake::Credentials credentials = WireCredentials();
  SteppedRuntime runtime;
  FixedRandom random;
  fake::Faults faults{runtime, 1};
  fake::AiGateway gateway{credentials, "", runtime, random, faults};
  fake::CallNote note;
  CancelToken caller;
};

}  // namespace mg::test
