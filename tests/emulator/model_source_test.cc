// `up` with models that are not the built-in one: a server of this test's own stands for Ollama.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>

#include "core/adapters/server.h"
#include "core/adapters/small_adapters.h"
#include "core/base/json.h"
#include "tests/support/process.h"
#include "tests/support/recording_log.h"

namespace mg::test {
namespace {

using ::testing::HasSubstr;

class Chunks final : public BodyStream {
 public:
  Result<std::string> Next(Instant) override {
    static constexpr const char* kChunks[] = {
        "data: {\"choices\":[{\"delta\":{\"content\":\"from\"}}]}\n\n",
        "data: {\"choices\":[{\"delta\":{\"content\":\" llama\"},\"finish_reason\":\"stop\"}]}\n\n",
        "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":7,\"completion_tokens\":3}}\n\n",
        "data: [DONE]\n\n", ""};
    return std::string(kChunks[at_ == 4 ? at_ : at_++]);
  }

 private:
  std::size_t at_ = 0;
};

class LocalModel final : public Handler {
 public:
  Response Handle(Request& request, const Peer&, CancelToken&) override {
    ++calls;
    const auto body = ParseJson(request.body.bytes());
    if (!body || request.target != "/v1/chat/completions") return JsonResponse(404, "{}");
    if (StringAt(*body, "model") != "llama3.2") return JsonResponse(404, "{}");
    if (Find(*body, "stream") == nullptr)
      return JsonResponse(200, R"({"choices":[{"message":{"content":"from llama"},)"
                               R"("finish_reason":"stop"}],)"
                               R"("usage":{"prompt_tokens":7,"completion_tokens":3}})");
    Response response = TextResponse(200, "", "text/event-stream");
    response.body = Body(std::make_shared<Chunks>());
    return response;
  }
  std::atomic<int> calls{0};
};

// Straight to the AI Gateway fake.
Response Ask(Running& up, const std::string& rest) {
  const std::string base = up.At("ai_gateway_base");
  const std::size_t path = base.find('/', base.find("://") + 3);
  Request request;
  request.method = "POST";
  request.origin = base.substr(0, path);
  request.target = base.substr(path) + "/workers-ai/v1/chat/completions";
  request.headers = {{"cf-aig-authorization", "Bearer " + up.At("ai_gateway_token")},
                     {"authorization", "Bearer " + up.At("api_token")}};
  return up.Send(std::move(request), R"({"model":"@cf/meta/llama-3.1-8b-instruct-fp8-fast",)"
                                     R"("messages":[{"role":"user","content":"hi"}])" +
                                         rest + "}");
}

TEST(UpWithAModelServer, AnswersStreamsCountsAndRecords) {
  LocalModel model;
  ThreadRuntime runtime;
  RecordingLog log;
  ServerOptions options;
  options.name = "model";
  Server server(std::move(options), model, runtime, log);
  ASSERT_TRUE(server.Start());
  TempFolder folder;
  const std::string tape = folder.path() + "/tape";
  {
    Running up(folder.path(), {"--memory", "--model-upstream",
                               "http://127.0.0.1:" + std::to_string(server.port()) + "/v1",
                               "--model-upstream-name", "llama3.2", "--model-record", tape});
    const Response answer = up.Chat(up.At("demo_tenant_key"), "hi");
    EXPECT_EQ(answer.status, 200) << answer.body.bytes();
    EXPECT_THAT(answer.body.bytes(), HasSubstr("from llama"));
    EXPECT_THAT(answer.body.bytes(), HasSubstr(R"("total_tokens":10)"));
    const std::string stream = Ask(up, R"(,"stream":true)").body.bytes();
    EXPECT_THAT(stream, HasSubstr(R"("content":"from)"));  // pieces may arrive as one
    EXPECT_THAT(stream, HasSubstr(" llama"));
    EXPECT_THAT(stream, HasSubstr(R"("total_tokens":10)"));
    EXPECT_THAT(stream, HasSubstr("data: [DONE]"));
  }
  const int calls = model.calls;
  EXPECT_GE(calls, 2);
  Running again(folder.path(), {"--memory", "--model-replay", tape});
  EXPECT_THAT(Ask(again, "").body.bytes(), HasSubstr("from llama"));
  EXPECT_EQ(Ask(again, R"(,"seed":7)").status, 501) << "another question";
  EXPECT_EQ(model.calls, calls);
  server.Stop(runtime.Now());
}

TEST(UpWithFixtures, AnswersFromTheFileOrSaysWhatIsWrongWithIt) {
  TempFolder folder;
  const std::string file = folder.Write("replies.jsonc", R"([ // one
    { "match": { "contains": "hi" }, "reply": "written down" }, ])");
  {
    Running up(folder.path(), {"--memory", "--model-fixtures", file});
    EXPECT_THAT(Ask(up, "").body.bytes(), HasSubstr("written down"));
  }
  folder.Write("replies.jsonc", R"([{"replay":"x"}])");
  const RunOutput wrong =
      RunMoltgate({"up", "--port-base", "0", "--memory", "--model-fixtures", file}, folder.path());
  EXPECT_EQ(wrong.code, 1);
  EXPECT_THAT(wrong.err, HasSubstr(R"("replay" is not known; did you mean "reply"?)"));
  const RunOutput knob =
      RunMoltgate({"up", "--port-base", "0", "--memory", "--ai", "first_tokens=1s"}, folder.path());
  EXPECT_EQ(knob.code, 1);
  EXPECT_THAT(knob.err, HasSubstr(R"(did you mean "first_token"?)"));
}

}  // namespace
}  // namespace mg::test
