// Faults and probes over the listeners, as the clients meet them.
#include <gtest/gtest.h>

#include "core/base/digest.h"
#include "core/base/json.h"
#include "core/clients/sigv4.h"
#include "fakes/cloud.h"
#include "tests/support/fixed_random.h"
#include "tests/support/stepped_runtime.h"

namespace mg::fake {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class FaultedCloud : public testing::Test {
 protected:
  Response Api(const std::string& method, const std::string& target, const std::string& body = "",
               const std::string& probe = "") {
    Request request;
    request.method = method;
    request.target = "/client/v4/accounts/" + credentials.account_id + target;
    request.headers.Set("authorization", "Bearer " + credentials.api_token);
    if (!probe.empty()) request.headers.Set(kProbeHeader, probe);
    request.body = body;
    return cloud.Handle(request, Peer{}, cancel);
  }
  Response Kv(const std::string& method, const std::string& key, const std::string& value = "") {
    return Api(method, "/storage/kv/namespaces/" + credentials.kv_namespace_id + "/values/" + key,
               value);
  }
  Response Sql(const std::string& sql, const std::string& probe = "") {
    return Api("POST", "/d1/database/" + credentials.d1_database_id + "/query",
               DumpJson({{"sql", sql}}), probe);
  }
  Response Object(const std::string& method, const std::string& key, const std::string& body = "",
                  const std::string& probe = "") {
    Request request;
    request.method = method;
    request.target = "/" + credentials.r2_bucket + "/" + key;
    request.headers.Set("host", "s3.test");
    request.body = body;
    SignRequest(request, "s3.test",
                {credentials.s3_access_key_id, credentials.s3_secret_access_key}, runtime.Wall(),
                Sha256Hex(body));
    if (!probe.empty()) request.headers.Set(kProbeHeader, probe);
    return s3.Handle(request, Peer{}, cancel);
  }
  Response Certs() {
    Request request;
    request.target = "/cdn-cgi/access/certs";
    return cloud.Handle(request, Peer{}, cancel);
  }

  FaultRule& Rule(const std::string& operation, int times = 1) {
    rule = FaultRule();
    rule.operation = operation;
    rule.times = times;
    return rule;
  }
  static std::int64_t FirstCode(const Response& response) {
    const auto json = ParseJson(response.body.bytes());
    return json ? IntAt((*json)["errors"][0], "code", 0) : 0;
  }
  JournalEntry LastEntry() const { return journal.Since(0).back(); }

  test::SteppedRuntime runtime;
  test::FixedRandom random;
  Credentials credentials = MakeCredentials(random);
  CancelToken cancel;
  Journal journal;
  Faults faults{runtime, 1};
  fake::Kv kv{credentials, "", runtime};
  D1 d1{credentials, "", runtime};
  R2 r2{credentials, "", runtime};
  Access access{credentials, AccessSite{"http://team", "localhost", "admin.localhost", nullptr, {}},
                runtime, random};
  CloudApi cloud{credentials, CloudFakes{&kv, &d1, &r2, &access, nullptr}, runtime, journal,
                 faults};
  CloudS3 s3{credentials, r2, runtime, journal, faults};
  FaultRule rule;
};

TEST_F(FaultedCloud, RefusesInTheServicesOwnShape) {
  const struct {
    const char* operation;
    int status;
    std::int64_t asked;
    std::int64_t code;
  } cases[] = {
      {"kv.get", 429, 0, 971},    {"kv.get", 429, 10020, 10020}, {"kv.get", 500, 0, 10500},
      {"kv.get", 503, 0, 10500},  {"kv.get", 403, 0, 10000},     {"kv.get", 429, 4711, 4711},
      {"d1.query", 429, 0, 7429}, {"d1.query", 500, 0, 7500},    {"d1.query", 403, 0, 7403},
      {"d1.query", 400, 0, 7500},
  };
  for (const auto& c : cases) {
    Rule(c.operation).status = c.status;
    rule.code = c.asked;
    rule.retry_after_seconds = 2;
    faults.Add(rule);
    const Response response =
        std::string_view(c.operation) == "kv.get" ? Kv("GET", "k") : Sql("SELECT 1");
    EXPECT_EQ(response.status, c.status) << c.operation;
    EXPECT_EQ(FirstCode(response), c.code) << c.operation << c.status;
    EXPECT_EQ(response.headers.Get("retry-after"), "2");
  }
  for (const auto& [status, name] : {std::pair{500, "InternalError"},
                                     {503, "ServiceUnavailable"},
                                     {429, "TooManyRequests"},
                                     {403, "AccessDenied"}}) {
    Rule("r2.get").status = status;
    faults.Add(rule);
    const Response response = Object("GET", "k");
    EXPECT_EQ(response.status, status);
    EXPECT_NE(response.body.bytes().find("<Code>" + std::string(name)), std::string::npos);
  }
  Rule("access.certs").status = 503;
  faults.Add(rule);
  EXPECT_EQ(Certs().status, 503);
  EXPECT_EQ(Certs().status, 200);
  Rule("kv.get").status = 522;
  faults.Add(rule);
  EXPECT_EQ(Kv("GET", "k").body.bytes(), "error code: 522");
  Rule("kv.get").body = "<html>";
  faults.Add(rule);
  EXPECT_EQ(Kv("GET", "k").body.bytes(), "<html>");
}

TEST_F(FaultedCloud, HasNoEffectWhenItRefuses) {
  Sql("CREATE TABLE t(a)");
  for (const char* operation : {"kv.put", "r2.put", "d1.query"}) {
    Rule(operation).status = 500;
    faults.Add(rule);
  }
  EXPECT_EQ(Kv("PUT", "k", "v").status, 500);
  EXPECT_EQ(LastEntry().fault, "fault-1");
  EXPECT_EQ(LastEntry().outcome, "failed");
  EXPECT_EQ(Object("PUT", "k", "v").status, 500);
  EXPECT_EQ(Sql("INSERT INTO t VALUES(1)").status, 500);
  EXPECT_EQ(Kv("GET", "k").status, 404);
  EXPECT_EQ(Object("GET", "k").status, 404);
  EXPECT_NE(Sql("SELECT count(*) AS n FROM t").body.bytes().find(R"("n":0)"), std::string::npos);
  EXPECT_EQ(LastEntry().fault, "");
}

TEST_F(FaultedCloud, LosesTheAnswerBeforeOrAfterTheEffect) {
  Rule("kv.put").reset = FaultRule::Reset::kBefore;
  faults.Add(rule);
  EXPECT_TRUE(Kv("PUT", "k", "v").drop_connection);
  EXPECT_EQ(LastEntry().outcome, "dropped");
  EXPECT_EQ(LastEntry().status, 0);
  EXPECT_EQ(Kv("GET", "k").status, 404);
  Rule("kv.put").reset = FaultRule::Reset::kAfter;
  faults.Add(rule);
  EXPECT_TRUE(Kv("PUT", "k", "v").drop_connection);
  EXPECT_EQ(Kv("GET", "k").body.bytes(), "v");
}

TEST_F(FaultedCloud, ScopesD1ByWhatTheStatementsDo) {
  Sql("CREATE TABLE usage(a)");
  Rule("d1.query").status = 429;
  rule.where.key = "insert usage*";
  faults.Add(rule);
  EXPECT_EQ(Sql("SELECT * FROM usage").status, 200);
  EXPECT_EQ(Sql("INSERT INTO usage VALUES('private')").status, 429);
  EXPECT_EQ(LastEntry().subject, "insert usage");
}

TEST_F(FaultedCloud, DelaysAndHangs) {
  Rule("kv.get").delay = milliseconds(250);
  faults.Add(rule);
  Instant before = runtime.Now();
  EXPECT_EQ(Kv("GET", "k").status, 404);
  EXPECT_EQ(runtime.Now() - before, milliseconds(250));
  EXPECT_EQ(LastEntry().fault, "fault-1");
  EXPECT_EQ(LastEntry().duration_us, 250'000);
  Rule("kv.get").hang = true;
  faults.Add(rule);
  before = runtime.Now();
  EXPECT_TRUE(Kv("GET", "k").drop_connection);
  EXPECT_EQ(runtime.Now() - before, kHang);
}

TEST_F(FaultedCloud, LetsGoOfAHangingCallWhenItsCallerGoes) {
  Rule("kv.put").hang = true;
  faults.Add(rule);
  cancel.Cancel();
  const Instant before = runtime.Now();
  Kv("PUT", "k", "v");
  EXPECT_EQ(runtime.Now(), before);
  EXPECT_EQ(LastEntry().outcome, "cancelled");
}

TEST_F(FaultedCloud, CutsAndStallsAndSpoilsBodies) {
  Kv("PUT", "k", "0123456789");
  Rule("kv.get").truncate_after_bytes = 4;
  faults.Add(rule);
  Body cut = Kv("GET", "k").body;
  ASSERT_TRUE(cut.is_stream());
  EXPECT_EQ(cut.length(), 10U);
  EXPECT_EQ(*cut.stream()->Next(kNever), "0123");
  EXPECT_EQ(cut.stream()->Next(kNever).error().code, Code::kUnknownOutcome);

  Rule("kv.get").stall_after_bytes = 100;
  faults.Add(rule);
  Body stalled = Kv("GET", "k").body;
  EXPECT_EQ(*stalled.stream()->Next(kNever), "012345678") << "never the whole of it";
  Instant before = runtime.Now();
  EXPECT_FALSE(stalled.stream()->Next(runtime.Now() + seconds(5)));
  EXPECT_EQ(runtime.Now() - before, seconds(5));
  before = runtime.Now();
  EXPECT_FALSE(stalled.stream()->Next(kNever));
  EXPECT_EQ(runtime.Now(), before) << "after an error, only errors";

  Rule("d1.query").malformed = true;
  faults.Add(rule);
  const Response spoiled = Sql("SELECT 1");
  EXPECT_EQ(spoiled.status, 200);
  EXPECT_FALSE(ParseJson(spoiled.body.bytes()));

  Rule("r2.delete").truncate_after_bytes = 0;
  faults.Add(rule);
  EXPECT_TRUE(Object("DELETE", "k").drop_connection) << "there is no body to cut";
}

TEST_F(FaultedCloud, RepeatsEarlierAnswersOfKvMissesIncluded) {
  Kv("PUT", "old", "1");
  Kv("GET", "old");
  Rule("kv.get", -1).stale = seconds(60);
  const std::string id = faults.Add(rule);
  EXPECT_EQ(Kv("GET", "new").status, 404);
  EXPECT_EQ(faults.Counts()[0].fired, 0) << "the first answer is honest";
  Kv("PUT", "new", "2");
  EXPECT_EQ(Kv("GET", "new").status, 404);
  EXPECT_EQ(faults.Counts()[0].fired, 1);
  EXPECT_EQ(LastEntry().fault, id);
  Kv("PUT", "old", "3");
  EXPECT_EQ(Kv("GET", "old").body.bytes(), "3") << "its first answer came before the rule";
  runtime.Advance(seconds(61));
  EXPECT_EQ(Kv("GET", "new").body.bytes(), "2");
  faults.Remove(id);
  Kv("PUT", "new", "4");
  EXPECT_EQ(Kv("GET", "new").body.bytes(), "4");
}

TEST_F(FaultedCloud, MeetsTheTenantsCallsAlone) {
  class Trail final : public CallTrail {
   public:
    Cause Current() const override { return cause; }
    void Set(Cause next) override { cause = std::move(next); }
    Cause cause;
  } trail;
  journal.Follow(&trail);
  Rule("kv.get").status = 500;
  rule.where.tenant = "sk-1";
  faults.Add(rule);
  EXPECT_EQ(Kv("GET", "k").status, 404);
  trail.cause.tenant = "sk-2";
  EXPECT_EQ(Kv("GET", "k").status, 404);
  trail.cause.tenant = "sk-1";
  EXPECT_EQ(Kv("GET", "k").status, 500);
  EXPECT_EQ(LastEntry().tenant, "sk-1");
}

TEST_F(FaultedCloud, HidesProbesFromFaultsAndJournal) {
  for (const char* operation : {"d1.*", "r2.*"}) {
    Rule(operation, -1).status = 500;
    faults.Add(rule);
  }
  EXPECT_EQ(Sql("SELECT 1", credentials.management_token).status, 200);
  EXPECT_EQ(Object("GET", "k", "", credentials.management_token).status, 404);
  EXPECT_TRUE(journal.Since(0).empty());
  EXPECT_EQ(faults.Counts()[0].bypassed, 0);
  EXPECT_EQ(Sql("SELECT 1", "wrong").status, 500);
  EXPECT_EQ(Object("GET", "k", "", "wrong").status, 500);
  EXPECT_EQ(journal.Since(0).size(), 2U);
  for (const auto& entry : journal.Since(0))
    EXPECT_EQ(JournalEntryJson(entry).find("wrong"), std::string::npos);
}

}  // namespace
}  // namespace mg::fake
