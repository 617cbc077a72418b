#include "fakes/cloud.h"

#include <gtest/gtest.h>

#include "core/base/json.h"
#include "tests/support/fixed_random.h"
#include "tests/support/stepped_runtime.h"

namespace mg::fake {
namespace {

class CloudFake : public testing::Test {
 protected:
  Response Call(const std::string& target, const std::string& authorization,
                const std::string& method = "GET", const std::string& body = "") {
    return CallOn(cloud, target, authorization, method, body);
  }
  Response CallOn(Handler& handler, const std::string& target, const std::string& authorization,
                  const std::string& method = "GET", const std::string& body = "") {
    Request request;
    request.method = method;
    request.target = target;
    if (!authorization.empty()) request.headers.Set("authorization", authorization);
    request.body = body;
    return handler.Handle(request, Peer{"127.0.0.1", false}, cancel);
  }
  Response Get(const std::string& target) { return Call(target, bearer); }

  static std::int64_t FirstCode(const Response& response) {
    const auto json = ParseJson(response.body.bytes());
    return json ? IntAt((*json)["errors"][0], "code", 0) : 0;
  }
  static std::size_t ResultSize(const Response& response) {
    return ParseJson(response.body.bytes()).value()["result"].size();
  }

  test::FixedRandom random;
  Credentials credentials = MakeCredentials(random);
  std::string bearer = "Bearer " + credentials.api_token;
  std::string account = "/client/v4/accounts/" + credentials.account_id;
  std::string value =
      account + "/storage/kv/namespaces/" + credentials.kv_namespace_id + "/values/k%2Fx";
  std::string query = account + "/d1/database/" + credentials.d1_database_id + "/query";
  test::SteppedRuntime runtime;
  CancelToken cancel;
  Journal journal;
  Kv kv{credentials, "", runtime};
  D1 d1{credentials, "", runtime};
  Faults faults{runtime, 1};
  AiGateway ai_gateway{credentials, "", runtime, random, faults};
  CloudApi cloud{credentials, CloudFakes{&kv, &d1, nullptr, nullptr, &ai_gateway}, runtime, journal,
                 faults};
};

TEST_F(CloudFake, RefusesCredentialsInTheServicesOwnWords) {
  const auto expect = [&](const std::string& authorization, int status, std::int64_t code) {
    const Response response = Call(value, authorization);
    EXPECT_EQ(response.status, status) << authorization;
    EXPECT_EQ(FirstCode(response), code) << authorization;
  };
  expect("", 400, 10001);
  expect("Bearer wrong", 403, 10000);
  expect("Bearer " + credentials.api_token + "x", 403, 10000);
  expect("Bearer ", 400, 6003);
  expect("Bearer", 400, 6003);
  expect("Basic dTpw", 400, 6003);
  expect("bearer " + credentials.api_token, 404, 10009);
  EXPECT_EQ(FirstCode(Call("/client/v4/user/tokens/verify", "Bearer wrong")), 1000);
}

TEST_F(CloudFake, TakesAKeyWithItsEmail) {
  const auto call = [&](const std::string& key, const std::string& email) {
    Request request;
    request.target = value;
    if (!key.empty()) request.headers.Set("x-auth-key", key);
    if (!email.empty()) request.headers.Set("x-auth-email", email);
    return cloud.Handle(request, Peer{"127.0.0.1", false}, cancel);
  };
  EXPECT_EQ(call(credentials.api_token, "dev@example.test").status, 404);
  EXPECT_EQ(FirstCode(call("wrong", "dev@example.test")), 10000);
  EXPECT_EQ(FirstCode(call(credentials.api_token, "other@example.test")), 10000);
  EXPECT_EQ(FirstCode(call(credentials.api_token, "")), 6003);
}

TEST_F(CloudFake, BlocksAnAccountThatCallsTooOften) {
  CloudKnobs knobs;
  knobs.account_calls = 2;
  cloud.SetKnobs(knobs);
  EXPECT_EQ(Get("/client/v4/user").status, 200);
  EXPECT_EQ(Get(value).status, 404);
  const Response refused = Get(value);
  EXPECT_EQ(refused.status, 429);
  EXPECT_EQ(FirstCode(refused), 971);
  EXPECT_EQ(refused.headers.Get("retry-after"), "300");
  runtime.Advance(std::chrono::seconds(299));
  EXPECT_EQ(Get(value).headers.Get("retry-after"), "1");
  runtime.Advance(std::chrono::seconds(1));
  EXPECT_EQ(Get(value).status, 404);
}

TEST_F(CloudFake, ReadsTheKnobsThatItWritesAndNamesWhatIsWrong) {
  CloudKnobs knobs;
  for (const std::string_view part : kCloudParts) {
    EXPECT_TRUE(SetCloudKnobs(part, CloudKnobsToJson(part, knobs), knobs)) << part;
  }
  ASSERT_TRUE(SetCloudKnobs("kv", Json{{"consistency", "eventual"}, {"stale", "5s"}}, knobs));
  EXPECT_EQ(knobs.kv.consistency, KvKnobs::Consistency::kEventual);
  EXPECT_EQ(knobs.kv.stale, std::chrono::seconds(5));
  for (const Json& wrong : {Json{{"stale", 5}}, Json{{"consistency", "weak"}}, Json{{"nothing", 1}},
                            Json{{"bulk_failures", -1}}, Json(1)}) {
    EXPECT_FALSE(SetCloudKnobs("kv", wrong, knobs)) << DumpJson(wrong);
  }
}

TEST_F(CloudFake, NeverRunsARequestThatItRefused) {
  EXPECT_EQ(Call(value, "Bearer wrong", "PUT", "v").status, 403);
  EXPECT_EQ(Get(value).status, 404);
}

TEST_F(CloudFake, ReachesKvAndD1) {
  EXPECT_EQ(Call(value, bearer, "PUT", "v").status, 200);
  EXPECT_EQ(Get(value).body.bytes(), "v");
  EXPECT_EQ(Call(query, bearer, "POST", R"({"sql":"SELECT 1"})").status, 200);
}

TEST_F(CloudFake, KnowsOneAccount) {
  const std::string other = "/client/v4/accounts/" + std::string(32, 'f');
  const Response of_d1 = Get(other + "/d1/database");
  EXPECT_EQ(of_d1.status, 403);
  EXPECT_EQ(FirstCode(of_d1), 7403);
  const Response of_kv = Get(other + "/storage/kv/namespaces/x/keys");
  EXPECT_EQ(of_kv.status, 404);
  EXPECT_EQ(FirstCode(of_kv), 7003);
}

TEST_F(CloudFake, AnswersTheIdentityRoutes) {
  for (const char* path : {"/user/tokens/verify", "/user", "/accounts?page=1", "/memberships"}) {
    EXPECT_EQ(Get(std::string("/client/v4") + path).status, 200) << path;
  }
  EXPECT_EQ(Get(account + "/tokens/verify").status, 200);
  EXPECT_EQ(ResultSize(Get("/client/v4/accounts")), 1u);
  EXPECT_EQ(ResultSize(Get("/client/v4/accounts?page=2")), 0u);
  EXPECT_EQ(ResultSize(Get("/client/v4/memberships?page=2")), 0u);
  EXPECT_EQ(Call("/client/v4/graphql", bearer, "POST", "{}").status, 200);
}

TEST_F(CloudFake, NamesThePathThatItCannotRoute) {
  const Response response = Get("/client/v4/zones?x=1");
  EXPECT_EQ(response.status, 404);
  EXPECT_EQ(FirstCode(response), 7003);
  EXPECT_NE(response.body.bytes().find("Could not route to /client/v4/zones,"), std::string::npos);
  for (const char* path : {"/", "", "/client/v4", "/client/v4/", "/client/v4/accounts//", "/x"}) {
    EXPECT_EQ(Get(path).status, 404) << path;
  }
}

TEST_F(CloudFake, CannotRouteToAFakeThatIsNotThere) {
  CloudApi empty(credentials, CloudFakes{}, runtime, journal, faults);
  for (const std::string& path : {value, account + "/ai/run/@cf/x/y", std::string("/v1/a/b/c"),
                                  std::string("/cdn-cgi/access/certs")}) {
    EXPECT_EQ(CallOn(empty, path, bearer).status, 404) << path;
  }
  EXPECT_EQ(CallOn(empty, query, bearer, "POST", "{}").status, 404);
}

TEST_F(CloudFake, CannotRouteToR2sRestApiWithoutR2) {
  EXPECT_EQ(FirstCode(Get(account + "/r2/buckets")), 7003);
}

TEST_F(CloudFake, GivesEachAnswerARayOfItsOwn) {
  const Response first = Get(value);
  const Response second = Get("/nowhere");
  EXPECT_EQ(first.headers.Get("cf-ray").size(), 20u);
  EXPECT_NE(first.headers.Get("cf-ray"), second.headers.Get("cf-ray"));
}

TEST_F(CloudFake, WritesEveryCallToTheJournalWithoutItsQueryOrBody) {
  Call(value + "?expiration_ttl=60", bearer, "PUT", "the value");
  Call(query, bearer, "POST", R"({"sql":"SELECT 'private'"})");
  Get("/nowhere");
  const auto entries = journal.Since(0);
  ASSERT_EQ(entries.size(), 3u);
  EXPECT_EQ(entries[0].service, "api");
  EXPECT_EQ(entries[0].operation, "kv.put");
  EXPECT_EQ(entries[0].subject, "k/x");
  EXPECT_EQ(entries[0].method, "PUT");
  EXPECT_EQ(entries[0].path, value);
  EXPECT_EQ(entries[0].status, 200);
  EXPECT_EQ(entries[0].at_ms, test::kSteppedWallStartMs);
  EXPECT_EQ(entries[1].operation, "d1.query");
  EXPECT_EQ(entries[1].subject, "select");
  EXPECT_EQ(entries[2].status, 404);
  for (const auto& entry : entries) {
    const std::string line = JournalEntryJson(entry);
    EXPECT_EQ(line.find("private"), std::string::npos);
    EXPECT_EQ(line.find("the value"), std::string::npos);
    EXPECT_EQ(line.find(credentials.api_token), std::string::npos);
  }
}

TEST_F(CloudFake, LeavesTheModelsCredentialsToTheModelFake) {
  Call(account + "/ai/run/@cf/meta/llama-3.1-8b-instruct-fp8-fast", "Bearer wrong", "POST", "{}");
  Call("/v1/" + credentials.account_id + "/" + credentials.ai_gateway_id, "", "POST", "[]");
  const auto entries = journal.Since(0);
  ASSERT_EQ(entries.size(), 2u);
  EXPECT_EQ(entries[0].service, "ai");
  EXPECT_EQ(entries[1].service, "ai");
}

TEST_F(CloudFake, WritesObjectCallsToTheJournalToo) {
  R2 r2(credentials, "", runtime);
  CloudS3 s3(credentials, r2, runtime, journal, faults);
  const Response refused = CallOn(s3, "/" + credentials.r2_bucket + "/k", "");
  EXPECT_GE(refused.status, 400);
  EXPECT_TRUE(refused.headers.Has("cf-ray"));
  ASSERT_EQ(journal.Since(0).size(), 1u);
  EXPECT_EQ(journal.Since(0)[0].service, "s3");
  EXPECT_EQ(journal.Since(0)[0].status, refused.status);
}

}  // namespace
}  // namespace mg::fake
