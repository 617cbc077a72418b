#include <gtest/gtest.h>

#include "core/clients/r2.h"
#include "fakes/r2/r2.h"
#include "tests/support/local_transport.h"
#include "tests/support/stepped_runtime.h"
#include "tests/support/wire_fixture.h"

namespace mg {
namespace {

constexpr const char* kOrigin = "http://localhost:8788";

fake::Credentials R2Credentials() {
  fake::Credentials credentials = test::FixtureCredentials();
  credentials.s3_access_key_id = "0123456789abcdef0123456789abcdef";
  credentials.s3_secret_access_key =
      "35b1f2e31903b676d457f8c3e96ccc9ebf6a735c43d0007cb74d8e2601cf64b3";
  return credentials;
}

R2Binding Binding() {
  const auto credentials = R2Credentials();
  return {kOrigin, credentials.r2_bucket, credentials.s3_access_key_id,
          credentials.s3_secret_access_key};
}

// Answers with a recorded response, and keeps the request to be compared with the recorded one.
class Recorded final : public Handler {
 public:
  Response Handle(Request& request, const Peer&, CancelToken&) override {
    seen = request;
    return answer;
  }
  Response answer;
  Request seen;
};

class R2Wire : public testing::Test {
 protected:
  R2Wire() { transport.Route(kOrigin, server); }

  // What the client sent must be the fixture's request, signature included.
  void ExpectSent(const test::WireCase& wire_case) {
    EXPECT_EQ(server.seen.method, wire_case.request.method) << wire_case.name;
    EXPECT_EQ(server.seen.target, wire_case.request.target) << wire_case.name;
    EXPECT_EQ(server.seen.body.bytes(), wire_case.request.body.bytes()) << wire_case.name;
    for (const auto& line : wire_case.request.headers.lines()) {
      EXPECT_EQ(server.seen.headers.Get(line.name), line.value) << wire_case.name;
    }
  }
  test::WireCase Load(const std::string& name) {
    const auto wire_case = test::FindWireCase("r2/" + name);
    server.answer = wire_case.response;
    return wire_case;
  }

  test::SteppedRuntime runtime;
  test::LocalTransport transport{runtime};
  Recorded server;
  CancelToken cancel;
  R2Client client{transport, runtime, Binding()};
};

TEST_F(R2Wire, SpeaksTheRecordedRequestsAndReadsTheRecordedAnswers) {
  auto wire_case = Load("02_put");
  const auto put = client.Put("sk-0001/state.tar", "hello world", cancel);
  ASSERT_TRUE(put);
  EXPECT_EQ(put->etag, "5eb63bbbe01eeed093cb22bb8f5acdc3");
  EXPECT_EQ(put->size_bytes, 11u);
  ExpectSent(wire_case);

  wire_case = Load("03_get");
  const auto got = client.Get("sk-0001/state.tar", cancel);
  ASSERT_TRUE(got);
  EXPECT_EQ(**got, "hello world");
  ExpectSent(wire_case);

  wire_case = Load("04_head");
  const auto head = client.Head("sk-0001/state.tar", cancel);
  ASSERT_TRUE(head && head->has_value());
  EXPECT_EQ((*head)->size_bytes, 11u);
  ExpectSent(wire_case);

  wire_case = Load("06_delete");
  EXPECT_TRUE(client.Delete("sk-0001/state.tar", cancel));
  ExpectSent(wire_case);

  wire_case = Load("08_head_bucket");
  EXPECT_TRUE(client.HeadBucket(cancel));
  ExpectSent(wire_case);
}

TEST_F(R2Wire, TellsAMissingObjectFromAMissingBucket) {
  Load("01_get_missing");
  const auto missing = client.Get("sk-0001/state.tar", cancel);
  ASSERT_TRUE(missing);
  EXPECT_FALSE(missing->has_value());
  Load("05_head_missing");
  const auto head = client.Head("sk-0001/other", cancel);
  ASSERT_TRUE(head);
  EXPECT_FALSE(head->has_value());
  Load("11_no_such_bucket");
  EXPECT_EQ(client.Get("k", cancel).error().code, Code::kNotFound);
  EXPECT_EQ(client.Put("k", "", cancel).error().code, Code::kNotFound);
}

TEST_F(R2Wire, SortsRefusalsByWhoseFaultTheyAre) {
  const struct {
    const char* name;
    Code code;
  } kCases[] = {{"15_unknown_access_key", Code::kUnauthenticated},
                {"16_wrong_secret", Code::kUnauthenticated},
                {"17_skewed", Code::kUnauthenticated},
                {"14_bearer", Code::kInvalid},
                {"19_wrong_payload_hash", Code::kInvalid}};
  for (const auto& refusal : kCases) {
    Load(refusal.name);
    const auto got = client.Get("k", cancel);
    ASSERT_FALSE(got) << refusal.name;
    EXPECT_EQ(got.error().code, refusal.code) << refusal.name;
    EXPECT_FALSE(got.error().retryable) << refusal.name;
    EXPECT_EQ(got.error().message.find(Binding().secret_access_key), std::string::npos);
  }
  server.answer = TextResponse(403, "");
  EXPECT_EQ(client.HeadBucket(cancel).error().code, Code::kDenied);
  for (const int status : {500, 502, 503}) {
    server.answer = TextResponse(status, "<html>");
    const auto got = client.Get("k", cancel);
    EXPECT_EQ(got.error().code, Code::kUnavailable) << status;
    EXPECT_TRUE(got.error().retryable);
  }
  server.answer = TextResponse(429, "");
  EXPECT_EQ(client.Get("k", cancel).error().code, Code::kExhausted);
}

TEST_F(R2Wire, CallsAnswersWithoutTheirHeadersCorrupt) {
  server.answer = TextResponse(200, "");
  EXPECT_EQ(client.Put("k", "v", cancel).error().code, Code::kCorrupt);
  EXPECT_EQ(client.Head("k", cancel).error().code, Code::kCorrupt);
}

TEST_F(R2Wire, RefusesKeysThatWouldNameTheBucketOrNothing) {
  EXPECT_EQ(client.Delete("", cancel).error().code, Code::kInvalid);
  EXPECT_EQ(client.Get(std::string(1025, 'k'), cancel).error().code, Code::kInvalid);
  EXPECT_EQ(transport.calls(), 0);
}

TEST_F(R2Wire, PassesOnALostReplyAsAnUnknownOutcome) {
  transport.after = [](int, const Request&) { return Error{Code::kUnknownOutcome, "reset", true}; };
  EXPECT_EQ(client.Put("k", "v", cancel).error().code, Code::kUnknownOutcome);
}

class R2Listener final : public Handler {
 public:
  explicit R2Listener(fake::R2& r2) : r2_(r2) {}
  Response Handle(Request& request, const Peer&, CancelToken& cancel) override {
    fake::CallNote note;
    return r2_.Handle(request, note, cancel);
  }

 private:
  fake::R2& r2_;
};

TEST(R2RoundTrip, KeepsEveryByteOfBodiesAndOddKeys) {
  const auto credentials = R2Credentials();
  test::SteppedRuntime runtime;
  fake::R2 r2(credentials, "", runtime);
  R2Listener listener(r2);
  test::LocalTransport transport(runtime);
  transport.Route(kOrigin, listener);
  R2Client client(transport, runtime, Binding());
  CancelToken cancel;
  std::string bytes;
  for (int i = 0; i < 256; ++i) bytes += static_cast<char>(i);
  for (const std::string key :
       {"a", "a//b", "/a", "a/", "../x", "a b?c#d%e+f&g", "\xc3\xa9/\xe6\x97\xa5"}) {
    ASSERT_TRUE(client.Put(key, bytes + key, cancel)) << key;
  }
  for (const std::string key :
       {"a", "a//b", "/a", "a/", "../x", "a b?c#d%e+f&g", "\xc3\xa9/\xe6\x97\xa5"}) {
    const auto got = client.Get(key, cancel);
    ASSERT_TRUE(got && got->has_value()) << key;
    EXPECT_EQ(**got, bytes + key);
    EXPECT_EQ((*client.Head(key, cancel))->size_bytes, bytes.size() + key.size());
  }
  EXPECT_TRUE(client.Delete("a", cancel));
  EXPECT_FALSE(client.Get("a", cancel)->has_value());
  EXPECT_TRUE(client.Get("a//b", cancel)->has_value());
  EXPECT_TRUE(client.HeadBucket(cancel));
  r2.Reset();
  EXPECT_FALSE(client.Get("a//b", cancel)->has_value());
}

}  // namespace
}  // namespace mg
