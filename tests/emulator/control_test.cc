#include "emulator/control.h"

#include <gtest/gtest.h>

#include "core/adapters/small_adapters.h"
#include "core/base/json.h"

namespace mg {
namespace {

class ControlApi : public testing::Test {
 protected:
  Response Call(const std::string& method, const std::string& target, const std::string& body = "",
                const std::string& token = "secret") {
    Request request;
    request.method = method;
    request.target = target;
    request.headers = {{"host", "127.0.0.1:8790"}, {"authorization", "Bearer " + token}};
    request.body = body;
    CancelToken cancel;
    return control.Handle(request, Peer{}, cancel);
  }
  static Json Parsed(const Response& response) {
    auto json = ParseJson(response.body.bytes());
    return json ? *json : Json();
  }
  std::string ErrorOf(const std::string& body) {
    const Response response = Call("POST", "/control/v1/faults", body);
    EXPECT_EQ(response.status, 400) << body;
    return StringAt(Parsed(response), "error");
  }

  ThreadRuntime runtime;
  fake::Journal journal;
  fake::Faults faults{runtime, 1};
  const fake::Credentials credentials;
  OsRandom random;
  fake::AiGateway ai_gateway{credentials, "", runtime, random, faults};
  fake::Zone zone{{}, runtime};
  Control control{"secret",
                  {.ai_gateway = &ai_gateway, .zone = &zone, .reset = [] { return Ok(); }},
                  journal,
                  faults,
                  runtime};
};

TEST_F(ControlApi, ChangesTheKnobsOfAiGatewayThatAreNamed) {
  const Response changed =
      Call("PATCH", "/control/v1/ai", R"({"first_token":"200ms","jitter":0.5})");
  EXPECT_EQ(changed.status, 200);
  EXPECT_EQ(ai_gateway.knobs().models.timing.first_token, std::chrono::milliseconds(200));
  EXPECT_EQ(Call("PATCH", "/control/v1/ai", R"({"tokens_per_second":20})").status, 200);
  const Json knobs = Parsed(Call("GET", "/control/v1/ai"));
  EXPECT_EQ(knobs["first_token"], "200ms");
  EXPECT_EQ(knobs["tokens_per_second"], 20);
  const Response wrong = Call("PATCH", "/control/v1/ai", R"({"first_tokens":"1s"})");
  EXPECT_EQ(wrong.status, 400);
  EXPECT_EQ(StringAt(Parsed(wrong), "error"),
            "\"first_tokens\" is no knob of AI Gateway; did you mean \"first_token\"?");
  EXPECT_EQ(Call("PUT", "/control/v1/ai", "{}").status, 405);
}

TEST_F(ControlApi, AddsCountsAndEndsFaults) {
  EXPECT_EQ(Parsed(Call("GET", "/control/v1/faults")), Json({{"faults", Json::array()}}));
  const Response one = Call("POST", "/control/v1/faults",
                            R"({"id":"a b","operation":"kv.get","status":429,"times":2})");
  EXPECT_EQ(one.status, 201);
  EXPECT_EQ(Parsed(one)["ids"], Json::array({"a b"}));
  const Response two =
      Call("POST", "/control/v1/faults",
           R"([{"operation":"d1.*","hang":true},{"operation":"r2.put","delay":"1s"}])");
  EXPECT_EQ(Parsed(two)["ids"], Json::array({"fault-1", "fault-2"}));
  fake::FaultedCall call;
  call.operation = "kv.get";
  EXPECT_TRUE(faults.Next(call));
  const Json counts = Parsed(Call("GET", "/control/v1/faults"))["faults"];
  ASSERT_EQ(counts.size(), 3U);
  EXPECT_EQ(counts[0], Json({{"id", "a b"}, {"planned", 2}, {"fired", 1}, {"bypassed", 0}}));
  EXPECT_EQ(Call("DELETE", "/control/v1/faults/a%20b").status, 200);
  EXPECT_FALSE(faults.Next(call));
  EXPECT_EQ(Call("DELETE", "/control/v1/faults/a%20b").status, 404);
  EXPECT_EQ(Call("DELETE", "/control/v1/faults/%zz").status, 404);
  EXPECT_EQ(Parsed(Call("GET", "/control/v1/faults"))["faults"].size(), 3U);
  EXPECT_EQ(Call("DELETE", "/control/v1/faults").status, 200);
  EXPECT_TRUE(Parsed(Call("GET", "/control/v1/faults"))["faults"].empty());
}

TEST_F(ControlApi, RefusesABadFaultAndThenAddsNoneOfItsArray) {
  EXPECT_NE(ErrorOf(R"({"operation":"kv.get","sttus":500})").find("\"status\""), std::string::npos);
  EXPECT_NE(ErrorOf(R"([{"operation":"kv.get","hang":true},{"hang":true}])").find("Fault 1"),
            std::string::npos);
  ErrorOf("");
  ErrorOf("{");
  ErrorOf("7");
  EXPECT_TRUE(faults.Counts().empty());
  const std::string twice = R"([{"id":"a","operation":"x","hang":true},)"
                            R"({"id":"a","operation":"y","hang":true}])";
  EXPECT_EQ(Call("POST", "/control/v1/faults", twice).status, 409);
  EXPECT_TRUE(faults.Counts().empty());
  EXPECT_EQ(Call("PUT", "/control/v1/faults").status, 405);
  EXPECT_EQ(Call("GET", "/control/v1/faults/a").status, 405);
  EXPECT_EQ(Call("GET", "/control/v1/faultsandmore").status, 404);
  EXPECT_EQ(Call("GET", "/control/v1/faults", "", "wrong").status, 401);
}

TEST_F(ControlApi, AnswersNoPageButItsOwn) {
  const auto status = [this](const Headers& headers) {
    Request request;
    request.target = "/control/v1/clock";
    request.headers = headers;
    request.headers.Add("authorization", "Bearer secret");
    CancelToken cancel;
    return control.Handle(request, Peer{}, cancel).status;
  };
  EXPECT_EQ(status({{"host", "127.0.0.1:8790"}}), 200);
  EXPECT_EQ(status({{"host", "localhost:8790"}}), 200);
  EXPECT_EQ(status({{"host", "[::1]:8790"}}), 200);
  EXPECT_EQ(status({{"host", "localhost:1"}, {"origin", "http://localhost:1"}}), 200);
  EXPECT_EQ(status({{"host", "localhost:1"}, {"sec-fetch-site", "same-origin"}}), 200);
  const Headers refused[] = {
      {},
      {{"host", ""}},
      {{"host", "rebound.evil.example:8790"}},
      {{"host", "127.0.0.1.evil.example"}},
      {{"host", "localhost.evil.example"}},
      {{"host", "acme.localhost:8790"}},
      {{"host", "10.0.0.1:8790"}},
      {{"host", "0.0.0.0:8790"}},
      {{"host", "127.0.0.1:8790"}, {"host", "evil.example"}},
      {{"host", "127.0.0.1:8790"}, {"origin", "http://evil.example"}},
      {{"host", "127.0.0.1:8790"}, {"origin", "null"}},
      {{"host", "127.0.0.1:8790"}, {"origin", "http://127.0.0.1:8787"}},
      {{"host", "127.0.0.1:8790"}, {"origin", "https://127.0.0.1:8790"}},
      {{"host", "localhost:1"},
       {"origin", "http://localhost:1"},
       {"origin", "http://evil.example"}},
      {{"host", "127.0.0.1:8790"}, {"sec-fetch-site", "cross-site"}},
      {{"host", "127.0.0.1:8790"}, {"sec-fetch-site", "same-site"}},
  };
  for (const Headers& headers : refused) {
    EXPECT_EQ(status(headers), 403) << headers.Get("host") << " " << headers.Get("origin");
  }
}

TEST_F(ControlApi, WantsItsTokenAndNothingElse) {
  for (const char* value : {"", "secret", "Bearer ", "Bearer secre", "Bearer secrets",
                            "Bearer secret ", "bearer secret", "Basic secret"}) {
    Request request;
    request.target = "/control/v1/journal";
    request.headers = {{"host", "127.0.0.1"}, {"authorization", value}};
    CancelToken cancel;
    const Response response = control.Handle(request, Peer{}, cancel);
    EXPECT_EQ(response.status, 401) << value;
    EXPECT_EQ(response.headers.Get("cache-control"), "no-store");
    EXPECT_EQ(response.headers.Get("x-content-type-options"), "nosniff");
  }
  Request twice;
  twice.target = "/control/v1/clock";
  twice.headers = {{"host", "127.0.0.1"}, {"authorization", "Bearer secret"}};
  twice.headers.Add("authorization", "Bearer secret");
  CancelToken cancel;
  EXPECT_EQ(control.Handle(twice, Peer{}, cancel).status, 401);
}

TEST_F(ControlApi, ReadsTheJournalWithItsNewFields) {
  fake::JournalEntry entry;
  entry.call = 4;
  entry.parent = 2;
  entry.outcome = "ok";
  journal.Record(entry);
  const Response lines = Call("GET", "/control/v1/journal?since=0");
  const Json json = Parsed(lines);
  EXPECT_EQ(json["seq"], 1);
  EXPECT_EQ(json["call"], 4);
  EXPECT_EQ(json["parent"], 2);
  EXPECT_EQ(json["outcome"], "ok");
}

}  // namespace
}  // namespace mg
