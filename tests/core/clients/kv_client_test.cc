#include "core/clients/kv.h"

#include <gtest/gtest.h>

#include "fakes/cloud.h"
#include "tests/support/local_transport.h"
#include "tests/support/stepped_runtime.h"
#include "tests/support/wire_replay.h"

namespace mg {
namespace {

constexpr const char* kOrigin = "http://127.0.0.1:8788";

class KvClientTest : public testing::Test {
 protected:
  static KvBinding Binding() {
    const fake::Credentials credentials = test::FixtureCredentials();
    return KvBinding{std::string(kOrigin) + "/client/v4", credentials.account_id,
                     credentials.kv_namespace_id, credentials.api_token};
  }
  template <class Body>
  void Replay(const std::string& name, Body body) {
    test::WireReplay service(test::FindWireCase("kv/" + name));
    transport.Route(kOrigin, service);
    body();
  }
  Error ErrorOn(int status, const std::string& text) {
    test::FixedAnswer service(JsonResponse(status, text));
    transport.Route(kOrigin, service);
    const auto answer = client.Get("k", cancel);
    EXPECT_FALSE(answer) << status;
    return answer ? Error{} : answer.error();
  }

  test::SteppedRuntime runtime;
  CancelToken cancel;
  test::LocalTransport transport{runtime};
  KvClient client{transport, runtime, Binding()};
};

TEST_F(KvClientTest, SpeaksTheWireCases) {
  const std::string key = "tenant:slug:acme";
  Replay("01_get_missing", [&] {
    const auto got = client.Get(key, cancel);
    ASSERT_TRUE(got);
    EXPECT_EQ(*got, std::nullopt);
  });
  Replay("02_put", [&] { EXPECT_TRUE(client.Put(key, R"({"slug":"acme"})", 0, cancel)); });
  Replay("03_get", [&] { EXPECT_EQ(*client.Get(key, cancel), R"({"slug":"acme"})"); });
  Replay("04_put_with_ttl",
         [&] { EXPECT_TRUE(client.Put(key, R"({"slug":"acme","tier":"premium"})", 300, cancel)); });
  Replay("05_get_expiring",
         [&] { EXPECT_EQ(*client.Get(key, cancel), R"({"slug":"acme","tier":"premium"})"); });
  Replay("06_put_short_ttl", [&] {
    const auto put = client.Put(key, "x", 30, cancel);
    ASSERT_FALSE(put);
    EXPECT_EQ(put.error().code, Code::kInvalid);
    EXPECT_NE(put.error().message.find("at least 60"), std::string::npos);
  });
  Replay("13_get_key_with_slash", [&] { EXPECT_EQ(*client.Get("a/b c:%\xc3\xa9", cancel), "v1"); });
  Replay("16_delete", [&] { EXPECT_TRUE(client.Delete(key, cancel)); });
}

TEST_F(KvClientTest, TellsAnUnknownNamespaceFromAMissingKey) {
  const Error error = ErrorOn(
      404, R"({"success":false,"errors":[{"code":10013,"message":"get: 'namespace not found'"}]})");
  EXPECT_EQ(error.code, Code::kNotFound);
}

TEST_F(KvClientTest, SortsTheServicesRefusals) {
  const std::string refused =
      R"({"success":false,"errors":[{"code":10000,"message":"Authentication error"}]})";
  EXPECT_EQ(ErrorOn(401, "{}").code, Code::kUnauthenticated);
  EXPECT_EQ(ErrorOn(403, refused).code, Code::kUnauthenticated);
  EXPECT_EQ(ErrorOn(403, "{}").code, Code::kDenied);
  EXPECT_EQ(ErrorOn(400, "{}").code, Code::kInvalid);
  EXPECT_EQ(ErrorOn(414, "{}").code, Code::kInvalid);
  EXPECT_EQ(ErrorOn(429, "{}").code, Code::kExhausted);
  EXPECT_TRUE(ErrorOn(429, "{}").retryable);
  EXPECT_EQ(ErrorOn(502, "<html>bad gateway</html>").code, Code::kUnavailable);
  EXPECT_TRUE(ErrorOn(502, "").retryable);
  EXPECT_EQ(ErrorOn(302, "").code, Code::kCorrupt);
  EXPECT_EQ(ErrorOn(404, "not json").code, Code::kNotFound);
}

TEST_F(KvClientTest, NeverShowsItsTokenAndShortensTheServicesText) {
  const Error error = ErrorOn(400, R"({"success":false,"errors":[{"code":1,"message":")" +
                                       std::string(100'000, 'x') + R"("}]})");
  EXPECT_LT(error.message.size(), 1000u);
  EXPECT_EQ(ErrorOn(403, "{}").message.find(Binding().api_token), std::string::npos);
}

TEST_F(KvClientTest, TakesAPutThatIsNotConfirmedForCorrupt) {
  for (const char* text : {"", "{}", "[]", R"({"success":false,"result":null})",
                           R"({"success":"true","result":null})", R"({"success":true})"}) {
    test::FixedAnswer service(JsonResponse(200, text));
    transport.Route(kOrigin, service);
    const auto put = client.Put("k", "v", 0, cancel);
    ASSERT_FALSE(put) << text;
    EXPECT_EQ(put.error().code, Code::kCorrupt) << text;
  }
}

TEST_F(KvClientTest, PassesTheTransportsErrorsOnWithTheCallsName) {
  const auto unreachable = client.Get("k", cancel);
  ASSERT_FALSE(unreachable);
  EXPECT_EQ(unreachable.error().code, Code::kUnavailable);
  EXPECT_EQ(unreachable.error().message.find("KV get: "), 0u);
  cancel.Cancel();
  EXPECT_EQ(client.Get("k", cancel).error().code, Code::kCancelled);
}

TEST_F(KvClientTest, GivesUpAfterItsOwnTimeLimit) {
  class Slow final : public Handler {
   public:
    explicit Slow(Runtime& clock) : clock_(clock) {}
    Response Handle(Request&, const Peer&, CancelToken&) override {
      clock_.SleepUntil(clock_.Now() + std::chrono::milliseconds(kKvCallMs + 1));
      return JsonResponse(200, "{}");
    }

   private:
    Runtime& clock_;
  };
  Slow service(runtime);
  transport.Route(kOrigin, service);
  EXPECT_EQ(client.Put("k", "v", 0, cancel).error().code, Code::kUnknownOutcome);
}

TEST_F(KvClientTest, RefusesAnAnswerLongerThanAnyValue) {
  Response huge;
  huge.body = std::string(26'214'400 + 64 * 1024 + 1, 'x');
  test::FixedAnswer service(huge);
  transport.Route(kOrigin, service);
  EXPECT_EQ(client.Get("k", cancel).error().code, Code::kCorrupt);
}

TEST_F(KvClientTest, RefusesAnApiBaseWithoutAPath) {
  for (const char* base : {"", "http://127.0.0.1", "/client/v4"}) {
    KvBinding binding = Binding();
    binding.api_base = base;
    KvClient broken(transport, runtime, binding);
    EXPECT_EQ(broken.Get("k", cancel).error().code, Code::kInvalid) << base;
  }
}

TEST_F(KvClientTest, AgreesWithTheFakeOnEveryByteOfKeyAndValue) {
  const fake::Credentials credentials = test::FixtureCredentials();
  fake::Kv kv(credentials, "", runtime);
  fake::Journal journal;
  fake::Faults faults(runtime, 1);
  fake::CloudApi cloud(credentials, fake::CloudFakes{&kv, nullptr, nullptr, nullptr, nullptr},
                       runtime, journal, faults);
  transport.Route(kOrigin, cloud);
  std::string all_bytes;
  for (int i = 0; i < 256; ++i) all_bytes.push_back(static_cast<char>(i));
  std::string ascii_key;
  for (int i = 0; i < 128; ++i) ascii_key.push_back(static_cast<char>(i));
  ASSERT_TRUE(client.Put(ascii_key, all_bytes, 60, cancel));
  EXPECT_EQ(*client.Get(ascii_key, cancel), all_bytes);
  EXPECT_EQ(*client.Get("other", cancel), std::nullopt);
  ASSERT_TRUE(client.Put("empty", "", 0, cancel));
  EXPECT_EQ(*client.Get("empty", cancel), "");
  runtime.Advance(std::chrono::seconds(60));
  EXPECT_EQ(*client.Get(ascii_key, cancel), std::nullopt);
  EXPECT_TRUE(client.Delete("empty", cancel));
  EXPECT_TRUE(client.Delete("empty", cancel));
  EXPECT_EQ(*client.Get("empty", cancel), std::nullopt);
}

TEST_F(KvClientTest, ReportsALostAnswerAsUnknownAlthoughTheValueIsThere) {
  const fake::Credentials credentials = test::FixtureCredentials();
  fake::Kv kv(credentials, "", runtime);
  fake::Journal journal;
  fake::Faults faults(runtime, 1);
  fake::CloudApi cloud(credentials, fake::CloudFakes{&kv, nullptr, nullptr, nullptr, nullptr},
                       runtime, journal, faults);
  transport.Route(kOrigin, cloud);
  transport.after = [](int number, const Request&) -> std::optional<Error> {
    if (number != 1) return std::nullopt;
    return Error{Code::kUnknownOutcome, "reset", true};
  };
  EXPECT_EQ(client.Put("k", "v", 0, cancel).error().code, Code::kUnknownOutcome);
  EXPECT_EQ(*client.Get("k", cancel), "v");
}

}  // namespace
}  // namespace mg
