#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "core/base/bytes.h"
#include "core/base/digest.h"
#include "core/services/models.h"
#include "tests/support/model_lever.h"
#include "tests/support/scripted_stream.h"
#include "tests/support/world.h"

namespace mg::test {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kFree = "@cf/meta/llama-3.1-8b-instruct-fp8-fast";
constexpr const char* kPremium = "@cf/meta/llama-3.3-70b-instruct-fp8-fast";

Json Parsed(const Response& response) {
  auto json = ParseJson(response.body.bytes());
  return json ? *json : Json(nullptr);
}

TEST(ModelRoute, AnswersAndSaysWhoServedIt) {
  World w;
  w.AddTenant("acme");
  const Response answer = w.Chat("acme", w.AddKey("acme"), "What is 17 + 25?");
  ASSERT_EQ(answer.status, 200) << answer.body.bytes();
  EXPECT_EQ(answer.headers.Get("cf-aig-step"), "0");
  EXPECT_EQ(answer.headers.Get("x-moltgate-model"), kFree);
  EXPECT_EQ(answer.headers.Get("x-moltgate-attempts"), "1");
  const Json body = Parsed(answer);
  EXPECT_EQ(body["object"], "chat.completion");
  EXPECT_THAT(body["choices"][0]["message"]["content"].get<std::string>(), HasSubstr("42"));
  EXPECT_EQ(w.agents.starts(), 0) << "AIG-12: the model route starts no agent";
}

TEST(ModelRoute, OwesOneUsageRowForEachAnswerAndNoneForARefusal) {
  World w;
  const TenantRecord tenant = w.AddTenant("acme", "premium");
  const std::string key = w.AddKey("acme");
  ASSERT_EQ(w.Chat("acme", key, "1+1").status, 200);
  ASSERT_EQ(w.Chat("acme", key, "1+2").status, 200);
  ASSERT_EQ(w.Chat("acme", key, "1+3", R"(,"model":"gpt-4o")").status, 404);
  w.FlushUsage();
  const auto rows = w.Rows("SELECT * FROM usage");
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_EQ(rows[0].Text("tenant_id"), tenant.id);
  EXPECT_EQ(rows[0].Text("model"), kPremium);
  EXPECT_GT(rows[0].Int("tokens_in"), 0);
  EXPECT_GT(rows[0].Int("tokens_out"), 0);
  EXPECT_NE(rows[0].Text("id"), rows[1].Text("id"));
}

TEST(ModelRoute, AHangingPrimaryFallsBackAndBillsTheFallback) {
  World w;
  w.AddTenant("acme", "premium");
  const std::string key = w.AddKey("acme");
  ModelLever hang;
  hang.hang = true;
  Pull(w.faults, kPremium, hang);
  const Response answer = w.Chat("acme", key, "2+3");
  ASSERT_EQ(answer.status, 200) << answer.body.bytes();
  EXPECT_EQ(answer.headers.Get("cf-aig-step"), "1");
  EXPECT_EQ(answer.headers.Get("x-moltgate-model"), kFree);
  w.FlushUsage();
  const auto rows = w.Rows("SELECT model FROM usage");
  ASSERT_EQ(rows.size(), 1u);
  EXPECT_EQ(rows[0].Text("model"), kFree);
}

TEST(ModelRoute, SaysOfEveryFailureWhatTheCallerMayDo) {
  World w;
  w.AddTenant("acme");
  const std::string key = w.AddKey("acme");
  ModelLever lever;
  lever.hang = true;
  Pull(w.faults, kFree, lever);
  EXPECT_EQ(w.Chat("acme", key, "1").status, 504);
  lever = {};
  lever.status = 503;
  lever.code = 3050;
  Pull(w.faults, kFree, lever);
  EXPECT_EQ(w.Chat("acme", key, "1").status, 502);
  lever.status = 429;
  lever.code = 3040;
  Pull(w.faults, kFree, lever);
  const Response limited = w.Chat("acme", key, "1");
  EXPECT_EQ(limited.status, 429);
  EXPECT_TRUE(limited.headers.Has("retry-after"));
  w.FlushUsage();
  EXPECT_TRUE(w.Rows("SELECT * FROM usage").empty()) << "USG-1: none for any other";
}

TEST(ModelRoute, ABudgetsRefusalReachesTheCallerWithItsRetryAfter) {
  World w;
  w.AddTenant("acme");
  ModelLever lever;
  lever.status = 429;
  lever.code = 3036;
  lever.retry_after_seconds = 60;
  Pull(w.faults, kFree, lever);
  const Response refused = w.Chat("acme", w.AddKey("acme"), "1+1");
  EXPECT_EQ(refused.status, 429);
  EXPECT_EQ(refused.headers.Get("x-moltgate-attempts"), "1");
  EXPECT_EQ(refused.headers.Get("retry-after"), "60");
}

// The model's own words and code, in the shape that OpenAI's clients read.
TEST(ModelRoute, PutsAModelsRefusalIntoOpenAisShape) {
  World w;
  w.AddTenant("acme");
  const std::string key = w.AddKey("acme");
  ModelLever lever;
  lever.status = 400;
  lever.code = 3030;
  Pull(w.faults, kFree, lever);
  const Response refused = w.Chat("acme", key, "1+1");
  EXPECT_EQ(refused.status, 400);
  EXPECT_EQ(refused.headers.Get("content-type"), "application/json");
  const Json error = Parsed(refused)["error"];
  EXPECT_EQ(error["code"], "3030");
  EXPECT_EQ(error["type"], "invalid_request_error");
  EXPECT_EQ(error["param"], nullptr);
  EXPECT_FALSE(error["message"].get<std::string>().empty());
  EXPECT_THAT(error["message"].get<std::string>(), Not(HasSubstr("AiError")));
  lever.status = 429;
  lever.code = 3036;
  Pull(w.faults, kFree, lever);
  EXPECT_EQ(Parsed(w.Chat("acme", key, "1+1"))["error"]["type"], "rate_limit_error");
}

TEST(ModelRoute, RefusesModelsOfOthers) {
  World w;
  w.AddTenant("acme");
  const std::string key = w.AddKey("acme");
  const Response foreign = w.Chat("acme", key, "1", std::string(R"(,"model":")") + kPremium + "\"");
  EXPECT_EQ(foreign.status, 404);
  EXPECT_EQ(Parsed(foreign)["error"]["code"], "model_not_found");
}

TEST(ModelRoute, ListsTheModelsOfTheTenantsRoute) {
  World w;
  w.AddTenant("acme", "premium");
  const Response list =
      w.Get("acme", "/v1/models", {{"authorization", "Bearer " + w.AddKey("acme")}});
  ASSERT_EQ(list.status, 200);
  const Json body = Parsed(list);
  ASSERT_EQ(body["data"].size(), 2u);
  EXPECT_EQ(body["data"][0]["id"], kPremium);
  EXPECT_EQ(body["data"][1]["id"], kFree);
}

TEST(ModelRoute, CarriesTheMetadataOfTheTenantAndTheWorkload) {
  World w;
  const TenantRecord tenant = w.AddTenant("acme", "Enterprise");
  w.Send("POST", "acme", "/v1/chat/completions",
         {{"authorization", "Bearer " + w.AddKey("acme")},
          {"content-type", "application/json"},
          {"x-moltgate-workload", "analysis"}},
         R"({"messages":[{"role":"user","content":"1+1"}]})");
  ASSERT_EQ(w.ai.seen().size(), 1u);
  auto metadata = ParseJson(w.ai.seen()[0].metadata_json);
  ASSERT_TRUE(metadata);
  EXPECT_EQ(*metadata, (Json{{"platform", "web"},
                             {"tier", "premium"},
                             {"workload", "analysis"},
                             {"sandbox_id", tenant.sandbox_id}}));
}

TEST(AgentRoute, HidesAccessFromTheAgentAndSpeaksForTheGateway) {
  World w;
  const TenantRecord tenant = w.AddTenant("acme");
  w.AddMember("acme", "ann@example.com");
  const Response answer = w.Send("POST", "acme", "/do?x=%2F",
                                 {{"cookie", "theme=dark; " + w.Cookie("ann@example.com")},
                                  {"authorization", "Bearer mine"},
                                  {"x-tenant-override", "other"},
                                  {"x-own", "kept"},
                                  {"connection", "x-hop"},
                                  {"x-hop", "dropped"}},
                                 "payload");
  ASSERT_EQ(answer.status, 200) << answer.body.bytes();
  const Json seen = Parsed(answer);
  EXPECT_EQ(seen["target"], "/do?x=%2F");
  EXPECT_EQ(seen["body"], "payload");
  const Json& headers = seen["headers"];
  EXPECT_EQ(headers["cookie"], "theme=dark");
  EXPECT_EQ(headers["x-own"], "kept");
  EXPECT_EQ(headers["x-moltgate-user"], "ann@example.com");
  EXPECT_EQ(headers["authorization"],
            "Bearer " + HexEncode(HmacSha256(w.credentials.gateway_token, tenant.sandbox_id)));
  for (const char* name : {"x-tenant-override", "x-hop", "cf-access-jwt-assertion", "connection"}) {
    EXPECT_FALSE(headers.contains(name)) << name;
  }
  ASSERT_EQ(answer.headers.GetAll("set-cookie").size(), 1u);
  EXPECT_EQ(answer.headers.Get("set-cookie"), "own=1");
  EXPECT_FALSE(answer.headers.Has("connection"));
}

TEST(AgentRoute, StartsTheAgentOnceHoweverManyAsk) {
  World w;
  w.AddTenant("acme");
  const std::string cookie = w.Cookie(kOperator);
  std::vector<std::thread> clients;
  std::atomic<int> answered{0};
  for (int i = 0; i < 32; ++i) {
    clients.emplace_back([&] {
      answered += w.Get("acme", "/x", {{"cookie", cookie}}).status == 200 ? 1 : 0;
    });
  }
  for (std::thread& client : clients) client.join();
  EXPECT_EQ(answered, 32);
  EXPECT_EQ(w.agents.starts(), 1);
}

TEST(AgentRoute, TheAgentOfATenantThatAnotherGatewayDeletedIsStoppedAndStartsNoMore) {
  World w;
  const TenantRecord acme = w.AddTenant("acme");
  const std::string cookie = w.Cookie(kOperator);
  ASSERT_EQ(w.Get("acme", "/x", {{"cookie", cookie}}).status, 200);
  ASSERT_TRUE(w.registry().DeleteTenant("acme", "another", w.cancel).ok());
  EXPECT_EQ(w.Get("acme", "/x", {{"cookie", cookie}}).status, 200) << "not heard of yet";
  w.FollowChanges();
  for (int i = 0; i < 5'000 && w.agents.Running(acme.sandbox_id); ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  EXPECT_FALSE(w.agents.Running(acme.sandbox_id));
  EXPECT_EQ(w.Get("acme", "/x", {{"cookie", cookie}}).status, 404);
  EXPECT_EQ(w.agents.starts(), 1);
}

TEST(AgentRoute, TheAgentOfADeletedTenantStartsNoMoreWhileItsHostIsStillHeld) {
  World w;
  w.AddTenant("acme");
  const std::string cookie = w.Cookie(kOperator);
  ASSERT_EQ(w.Get("acme", "/api/status").status, 200);  // held now
  ASSERT_EQ(w.Admin("DELETE", "/api/admin/tenants/acme").status, 204);
  EXPECT_EQ(w.Get("acme", "/x", {{"cookie", cookie}}).status, 503);
  EXPECT_EQ(w.agents.starts(), 0);
}

Response PostSlowly(World& w, std::vector<StreamPiece> pieces, std::optional<Error> end = {}) {
  Request request;
  request.method = "POST";
  request.target = "/upload";
  request.headers = {{"host", "acme.localhost"}, {"cookie", w.Cookie(kOperator)}};
  request.body =
      Body(std::make_shared<ScriptedStream>(w.runtime, std::move(pieces), std::move(end)));
  return w.edge.Handle(request, Peer{w.client_address, false}, w.cancel);
}

TEST(AgentRoute, ABodyMayTrickleForTenMinutes) {
  World w;
  w.AddTenant("acme");
  const std::vector<StreamPiece> in_time(59, StreamPiece{"a", std::chrono::seconds(10)});
  const Response answer = PostSlowly(w, in_time);
  ASSERT_EQ(answer.status, 200) << answer.body.bytes();
  EXPECT_EQ(Parsed(answer)["body"], std::string(59, 'a'));
  const Instant began = w.runtime.Now();
  const std::vector<StreamPiece> for_ever(10'000, StreamPiece{"a", std::chrono::seconds(10)});
  const Response late = PostSlowly(w, for_ever);
  EXPECT_EQ(late.status, 408);
  EXPECT_EQ(Parsed(late)["code"], "request_timeout");
  EXPECT_LE(w.runtime.Now() - began, std::chrono::minutes(11));
  EXPECT_EQ(w.log.Events("request_body_failed").size(), 1u);
  EXPECT_EQ(w.log.Events("sandbox_call_failed").size(), 0u) << "the agent is not to blame";
  EXPECT_EQ(w.Get("acme", "/x", {{"cookie", w.Cookie(kOperator)}}).status, 200);
}

TEST(AgentRoute, AMalformedBodyIsTheCallersFaultAndNotTheAgents) {
  World w;
  w.AddTenant("acme");
  const Response answer =
      PostSlowly(w, {StreamPiece{"a", {}}}, Error{Code::kCorrupt, "the body is malformed"});
  EXPECT_EQ(answer.status, 400);
  EXPECT_EQ(Parsed(answer)["code"], "body_incomplete");
  EXPECT_EQ(w.log.Events("sandbox_call_failed").size(), 0u);
}

TEST(AgentRoute, KeepsAnAgentsCookieOnItsOwnHost) {
  World w;
  w.AddTenant("acme");
  w.agent.cookies = {"a=1; Path=/; Domain=.localhost; HttpOnly", "=CF_Authorization=x",
                     " CF_Authorization=y", "plain"};
  const Response answer = w.Get("acme", "/x", {{"cookie", w.Cookie(kOperator)}});
  EXPECT_THAT(answer.headers.GetAll("set-cookie"),
              ::testing::ElementsAre("a=1; Path=/; HttpOnly", "plain"));
}

TEST(AgentRoute, ACrashLoopIsA503WithTheLastLinesForMembersAndASentenceForAnyone) {
  World w;
  w.AddTenant("acme");
  w.agents.refuses = true;
  const std::string cookie = w.Cookie(kOperator);
  for (int i = 0; i < 5; ++i) EXPECT_EQ(w.Get("acme", "/x", {{"cookie", cookie}}).status, 503);
  for (const char* accept : {"text/html", "application/json"}) {
    const Response refused = w.Get("acme", "/x", {{"cookie", cookie}, {"accept", accept}});
    EXPECT_EQ(refused.status, 503) << accept;
    EXPECT_THAT(refused.body.bytes(), HasSubstr("last line")) << accept;
  }
  EXPECT_THAT(w.Get("acme", "/api/status").body.bytes(), Not(HasSubstr("last line")));
  EXPECT_THAT(w.log.AllText(), Not(HasSubstr("last line")));
}

TEST(AgentRoute, IgnoresAProtocolThatIsOnlyOffered) {
  World w;
  w.AddTenant("acme");
  EXPECT_EQ(w.Get("acme", "/x", {{"cookie", w.Cookie(kOperator)}, {"upgrade", "h2c"}}).status, 200);
}

TEST(AgentRoute, RefusesAnUpgradeWithAReason) {
  World w;
  w.AddTenant("acme");
  const Response refused =
      w.Get("acme", "/ws",
            {{"cookie", w.Cookie(kOperator)}, {"upgrade", "websocket"}, {"connection", "upgrade"}});
  EXPECT_EQ(refused.status, 501);
}

TEST(InternalListener, AnswersTheAgentByItsSandboxToken) {
  World w;
  const TenantRecord tenant = w.AddTenant("acme");
  ASSERT_EQ(w.Get("acme", "/", {{"cookie", w.Cookie(kOperator)}}).status, 200);
  const std::string token = w.agents.Environment(tenant.sandbox_id, "OPENAI_API_KEY");
  const std::string body = R"({"messages":[{"role":"user","content":"20+22"}]})";
  const Response answer = w.Internal(token, body);
  ASSERT_EQ(answer.status, 200) << answer.body.bytes();
  EXPECT_THAT(answer.body.bytes(), HasSubstr("42"));
  EXPECT_EQ(w.Internal("st_wrong", body).status, 401);
  ASSERT_TRUE(w.registry().DeleteTenant("acme", "test", w.cancel));
  w.FollowChanges();
  EXPECT_EQ(w.Internal(token, body).status, 401) << "a deleted tenant's agent has no voice";
}

TEST(StatusRoute, SaysHowTheAgentIsAndStartsNothing) {
  World w;
  w.AddTenant("acme");
  EXPECT_EQ(Parsed(w.Get("acme", "/api/status"))["status"], "not_running");
  EXPECT_EQ(w.agents.starts(), 0);
  w.Get("acme", "/", {{"cookie", w.Cookie(kOperator)}});
  const Json running = Parsed(w.Get("acme", "/api/status"));
  EXPECT_EQ(running["status"], "running");
  EXPECT_EQ(running["ok"], true);
}

TEST(AdminApi, CreatesChangesAndDeletesATenant) {
  World w;
  const Response created =
      w.Admin("POST", "/api/admin/tenants", R"({"slug":"acme","tier":"premium"})");
  ASSERT_EQ(created.status, 201) << created.body.bytes();
  EXPECT_EQ(Parsed(created)["sandbox_id"],
            DeriveSandboxId(Parsed(created)["id"].get<std::string>()));
  EXPECT_EQ(w.Admin("POST", "/api/admin/tenants", R"({"slug":"acme"})").status, 409);
  EXPECT_EQ(w.Admin("POST", "/api/admin/tenants", R"({"slug":"Bad Slug"})").status, 400);
  EXPECT_EQ(w.Admin("POST", "/api/admin/tenants", R"({"slug":"a","slug":"b"})").status, 400);
  const Response typo = w.Admin("POST", "/api/admin/tenants", R"({"slgu":"x"})");
  EXPECT_EQ(typo.status, 400);
  EXPECT_THAT(typo.body.bytes(), HasSubstr("Did you mean"));
  EXPECT_EQ(Parsed(w.Admin("PATCH", "/api/admin/tenants/acme", R"({"tier":"free"})"))["tier"],
            "free");
  EXPECT_EQ(w.Admin("PUT", "/api/admin/tenants/acme/domains/shop.example.com").status, 204);
  EXPECT_EQ(w.Admin("PUT", "/api/admin/tenants/acme/members/ann%40example.com").status, 204);
  EXPECT_EQ(Parsed(w.Admin("GET", "/api/admin/tenants/acme/members"))["items"][0]["subject"],
            "ann@example.com");
  EXPECT_EQ(Parsed(w.Admin("GET", "/api/admin/tenants/acme"))["domains"][0], "shop.example.com");
  EXPECT_EQ(w.Get("shop.example.com", "/api/status").status, 200);
  EXPECT_EQ(w.Admin("DELETE", "/api/admin/tenants/acme").status, 204);
  EXPECT_EQ(w.Admin("GET", "/api/admin/tenants/acme").status, 404);
  EXPECT_GE(Parsed(w.Admin("GET", "/api/admin/audit"))["items"].size(), 5u);
}

TEST(AdminApi, ChangesTheModelMapWithoutARestart) {
  World w;
  w.AddTenant("acme", "premium");
  const std::string key = w.AddKey("acme");
  Json map = Parsed(w.Admin("GET", "/api/admin/models"));
  EXPECT_EQ(map["source"], "settings");
  map["premium"]["primary"] = kFree;
  map["premium"]["fallback"] = nullptr;
  const Response put = w.Admin("PUT", "/api/admin/models", DumpJson(map));
  ASSERT_EQ(put.status, 200) << put.body.bytes();
  EXPECT_EQ(Parsed(put)["source"], "operators");
  EXPECT_EQ(Parsed(put), Parsed(w.Admin("GET", "/api/admin/models")));
  EXPECT_EQ(w.Chat("acme", key, "1+1").headers.Get("x-moltgate-model"), kFree);
  EXPECT_EQ(Parsed(w.Admin("GET", "/api/admin/tenants/acme/routing"))["primary"], kFree);
  EXPECT_EQ(Parsed(w.Admin("GET", "/api/admin/audit"))["items"][0]["action"], "models.put");
  w.FollowChanges();
  EXPECT_EQ(w.log.Events("model_map_changed").size(), 1U);  // its own change is no news

  map["premium"]["fallback"] = kPremium;
  map["premium"]["attempts"] = 1;
  const Response refused = w.Admin("PUT", "/api/admin/models", DumpJson(map));
  EXPECT_EQ(refused.status, 400);
  EXPECT_THAT(refused.body.bytes(), HasSubstr("premium.attempts"));
  EXPECT_EQ(w.Chat("acme", key, "1+1").headers.Get("x-moltgate-model"), kFree);
}

// Another gateway on the same registry follows with its next poll.
TEST(AdminApi, CarriesTheModelMapToEveryGateway) {
  World w;
  w.AddTenant("acme");
  const std::string key = w.AddKey("acme");
  Assembly other(w.settings, Ports{w.runtime, w.random, w.log, w.transport, w.disk, w.agents},
                 {"http://model.test/internal/model/v1"});
  Json map = Parsed(w.Admin("GET", "/api/admin/models"));
  map["free"]["primary"] = kPremium;
  ASSERT_EQ(w.Admin("PUT", "/api/admin/models", DumpJson(map)).status, 200);
  EXPECT_EQ(other.services().models.Map().map.free.primary, kFree);
  ASSERT_TRUE(other.FollowRegistryOnce(w.cancel));
  EXPECT_EQ(other.services().models.Map().map.free.primary, kPremium);
}

TEST(AdminApi, RefusesTenantsAndDomainsThatNoHostLeadsTo) {
  World w([](Settings& s) { s.reserved_labels = {"www", "status"}; });
  w.AddTenant("acme");
  for (const char* slug : {"status", "admin"}) {
    const Response refused =
        w.Admin("POST", "/api/admin/tenants", R"({"slug":")" + std::string(slug) + R"("})");
    EXPECT_EQ(refused.status, 400) << slug;
    EXPECT_THAT(refused.body.bytes(), HasSubstr(slug));
  }
  const Response domain = w.Admin("PUT", "/api/admin/tenants/acme/domains/shop.localhost");
  EXPECT_EQ(domain.status, 400);
  EXPECT_THAT(domain.body.bytes(), HasSubstr("shop.localhost"));
  EXPECT_EQ(w.Admin("PUT", "/api/admin/tenants/acme/domains/www.localhost").status, 204);
  EXPECT_EQ(w.Get("www.localhost", "/api/status").status, 200);
}

TEST(AdminApi, ShowsAKeyOnceAndRevokesIt) {
  World w;
  w.AddTenant("acme");
  const Response created =
      w.Admin("POST", "/api/admin/tenants/acme/keys", R"({"name":"ci","limit_per_minute":5})");
  ASSERT_EQ(created.status, 201) << created.body.bytes();
  const std::string key = Parsed(created)["key"];
  EXPECT_EQ(w.Chat("acme", key, "1+1").headers.Get("x-ratelimit-limit"), "5");
  const Json listed = Parsed(w.Admin("GET", "/api/admin/tenants/acme/keys"))["items"][0];
  EXPECT_FALSE(listed.contains("key"));
  EXPECT_EQ(
      w.Admin("DELETE", "/api/admin/tenants/acme/keys/" + listed["id"].get<std::string>()).status,
      204);
  w.FollowChanges();
  EXPECT_EQ(w.Chat("acme", key, "1+1").status, 401);
}

TEST(AdminApi, RefusesAKeyLimitThatNoIntegerHolds) {
  World w;
  w.AddTenant("acme");
  for (const char* limit : {"18446744073709551615", "1e3", "-1", "\"5\""}) {
    const std::string body = std::string(R"({"limit_per_minute":)") + limit + "}";
    EXPECT_EQ(w.Admin("POST", "/api/admin/tenants/acme/keys", body).status, 400) << limit;
  }
  EXPECT_EQ(Parsed(w.Admin("GET", "/api/admin/tenants/acme/keys"))["items"].size(), 0u);
}

TEST(AdminApi, ShowsRoutingSandboxModelsAndUsage) {
  World w;
  w.AddTenant("acme", "premium");
  const Json routing = Parsed(w.Admin("GET", "/api/admin/tenants/acme/routing"));
  EXPECT_EQ(routing["primary"], kPremium);
  EXPECT_EQ(routing["fallback"], kFree);
  EXPECT_EQ(routing["metadata"]["tier"], "premium");
  EXPECT_EQ(Parsed(w.Admin("POST", "/api/admin/tenants/acme/sandbox/start"))["status"], "running");
  EXPECT_EQ(Parsed(w.Admin("POST", "/api/admin/tenants/acme/sandbox/stop"))["status"],
            "not_running");
  const Json stopped = Parsed(w.Admin("GET", "/api/admin/audit"))["items"][0];
  EXPECT_EQ(stopped["action"], "sandbox.stop");
  EXPECT_EQ(stopped["actor"], kOperator);
  EXPECT_EQ(stopped["subject"], "acme/sandbox");
  EXPECT_EQ(stopped["before"], R"({"status":"running"})");
  EXPECT_EQ(w.Admin("POST", "/api/admin/tenants/acme/sandbox/explode").status, 404);
  EXPECT_EQ(Parsed(w.Admin("GET", "/api/admin/models"))["free"]["primary"], kFree);
  ASSERT_EQ(w.Chat("acme", w.AddKey("acme"), "1+1").status, 200);
  w.FlushUsage();
  const Json usage = Parsed(w.Admin("GET", "/api/admin/usage?tenant=acme"));
  ASSERT_EQ(usage["items"].size(), 1u);
  EXPECT_EQ(usage["items"][0]["requests"], 1);
  EXPECT_EQ(w.Admin("GET", "/api/admin/usage?from=yesterday").status, 400);
}

TEST(Metrics, SayHowManyUsageRowsWaitAndAreLost) {
  World w;
  w.AddTenant("acme");
  const std::string key = w.AddKey("acme");
  w.FlushUsage();  // recording ends: what comes now is lost
  EXPECT_EQ(w.Chat("acme", key, "hello").status, 200);
  const std::string text = w.assembly.services().metrics.PrometheusText();
  EXPECT_THAT(text, HasSubstr("# TYPE moltgate_usage_rows_waiting gauge\n"
                              "moltgate_usage_rows_waiting 0\n"));
  EXPECT_THAT(text, HasSubstr("# TYPE moltgate_usage_rows_lost_total counter\n"
                              "moltgate_usage_rows_lost_total 1\n"));
}

TEST(Settle, WritesOneLogLineARequestWithoutSecretsOrTexts) {
  World w;
  const TenantRecord tenant = w.AddTenant("acme");
  const std::string key = w.AddKey("acme");
  w.AddMember("acme", "ann@example.com");
  const std::string cookie = w.Cookie("ann@example.com");
  w.Chat("acme", key, "tell nobody: 6 * 7");
  w.Get("acme", "/", {{"cookie", cookie}});
  const auto lines = w.log.Events("request");
  ASSERT_EQ(lines.size(), 2u);
  EXPECT_EQ(lines[0].Field("route"), "model");
  EXPECT_EQ(lines[0].Field("sandbox_id"), tenant.sandbox_id);
  EXPECT_EQ(lines[0].Field("model"), kFree);
  EXPECT_EQ(lines[0].Field("stopped_by"), "answer");
  const std::string all = w.log.AllText();
  for (const std::string& secret :
       {key, cookie.substr(cookie.find('=') + 1), std::string("tell nobody"),
        w.credentials.api_token, w.credentials.gateway_token, w.credentials.ai_gateway_token}) {
    EXPECT_THAT(all, Not(HasSubstr(secret)));
  }
}

TEST(Settle, ReportsTheFailureBudgetWhereNoOtherLimitApplies) {
  World w;
  w.AddTenant("acme");
  const Response page = w.Get("acme", "/x", {{"cookie", w.Cookie(kOperator)}});
  EXPECT_EQ(page.headers.Get("x-ratelimit-limit"), "120");
  EXPECT_FALSE(w.Get("acme", "/sandbox-health").headers.Has("x-ratelimit-limit"));
}

}  // namespace
}  // namespace mg::test
