// R2 behind the v4 API: routes, envelopes, faults.
#include "core/base/bytes.h"
#include "core/base/json.h"
#include "fakes/cloud.h"
#include "tests/fakes/r2/r2_fixture.h"

namespace mg::fake {
namespace {

class R2Rest : public R2Fake {
 protected:
  Response Api(const std::string& method, const std::string& path, std::string body = "",
               Headers headers = {}) {
    Request request;
    request.method = method;
    request.target = "/client/v4/accounts/" + credentials.account_id + "/r2" + path;
    request.headers = std::move(headers);
    request.headers.Set("authorization", "Bearer " + credentials.api_token);
    request.body = Body(std::move(body));
    return cloud.Handle(request, Peer{"127.0.0.1", false}, cancel);
  }
  static Json JsonOf(const Response& response) { return ParseJson(response.body.bytes()).value(); }
  static std::int64_t CodeOf(const Response& response) {
    return IntAt(JsonOf(response)["errors"][0], "code", 0);
  }

  Journal journal;
  Faults faults{runtime, 1};
  CloudApi cloud{credentials, CloudFakes{nullptr, nullptr, r2.get(), nullptr, nullptr}, runtime,
                 journal, faults};
};

TEST_F(R2Rest, PutsAsWranglerDoesAndAnswersWithABody) {
  const Response put = Api("PUT", "/buckets/moltbot-data/objects/dir/a%20b.txt", "hello",
                           {{"content-type", "text/plain"},
                            {"cache-control", "no-store"},
                            {"cf-r2-storage-class", "InfrequentAccess"},
                            {"cf-r2-data-catalog-check", "true"}});
  EXPECT_EQ(put.status, 200);
  const Json result = JsonOf(put)["result"];
  EXPECT_EQ(result["key"], "dir/a b.txt");
  EXPECT_EQ(result["size"], "5");
  EXPECT_EQ(result["etag"], "5d41402abc4b2a76b9719d911017c592");
  EXPECT_EQ(result["storage_class"], "InfrequentAccess");
  const Response got = Api("GET", "/buckets/moltbot-data/objects/dir/a%20b.txt");
  EXPECT_EQ(got.body.bytes(), "hello");
  EXPECT_EQ(got.headers.Get("content-type"), "text/plain");
  EXPECT_EQ(got.headers.Get("etag"), "\"5d41402abc4b2a76b9719d911017c592\"");
  EXPECT_EQ(Api("GET", "/buckets/moltbot-data/objects/dir/a%20b.txt", "",
                {{"if-none-match", "\"5d41402abc4b2a76b9719d911017c592\""}})
                .status,
            304);
  const Json listed = JsonOf(Api("GET", "/buckets/moltbot-data/objects"));
  EXPECT_EQ(listed["result"][0]["http_metadata"]["cacheControl"], "no-store");
  EXPECT_EQ(listed["result"][0]["size"], 5);
  const Response gone = Api("DELETE", "/buckets/moltbot-data/objects/dir/a%20b.txt");
  EXPECT_EQ(gone.status, 200) << "wrangler fails on 204";
  EXPECT_FALSE(gone.body.bytes().empty());
}

TEST_F(R2Rest, ShowsMetadataDecoded) {
  Call("PUT", "/moltbot-data/k", Body("v"),
       {{"x-amz-meta-plain", "1"}, {"x-amz-meta-word", "=?UTF-8?B?w6k=?= =?utf-8?q?a=20b_c?="}});
  const Json listed = JsonOf(Api("GET", "/buckets/moltbot-data/objects"));
  const Json custom = listed["result"][0]["custom_metadata"];
  EXPECT_EQ(custom["plain"], "1");
  EXPECT_EQ(custom["word"],
            "\xc3\xa9"
            "a b c")
      << "the space between words is none of the text";
}

TEST_F(R2Rest, TakesJsonUnderAnyContentType) {
  const Headers as_wrangler = {{"content-type", "text/plain;charset=UTF-8"}};
  EXPECT_EQ(Api("POST", "/buckets", R"({"name":"box"})", as_wrangler).status, 200);
  EXPECT_EQ(CodeOf(Api("POST", "/buckets", R"({"name":"box"})")), 10004);
  EXPECT_EQ(CodeOf(Api("POST", "/buckets", "{")), 10040);
  EXPECT_EQ(CodeOf(Api("POST", "/buckets", "[]")), 10040);
  const Response changed =
      Api("PATCH", "/buckets/box", "", {{"cf-r2-storage-class", "InfrequentAccess"}});
  EXPECT_EQ(JsonOf(changed)["result"]["storage_class"], "InfrequentAccess");
}

TEST_F(R2Rest, MeetsFaultsInTheV4ApisShape) {
  const auto fail = [&](const char* operation, int status) {
    FaultRule rule;
    rule.operation = operation;
    rule.status = status;
    faults.Add(rule);
  };
  fail("r2.rest.put", 429);
  const Response refused = Api("PUT", "/buckets/moltbot-data/objects/k", "v");
  EXPECT_EQ(refused.status, 429);
  EXPECT_EQ(CodeOf(refused), 10058);
  EXPECT_EQ(Api("GET", "/buckets/moltbot-data/objects/k").status, 404) << "it had no effect";
  fail("r2.*", 500);
  EXPECT_EQ(CodeOf(Api("GET", "/buckets")), 10001);
  EXPECT_EQ(journal.Since(0).back().operation, "r2.rest.list_buckets");
  EXPECT_EQ(journal.Since(0).front().subject, "k");
}

TEST_F(R2Rest, LosesAnAnswerAfterItsEffect) {
  FaultRule rule;
  rule.operation = "r2.rest.put";
  rule.reset = FaultRule::Reset::kAfter;
  faults.Add(rule);
  EXPECT_TRUE(Api("PUT", "/buckets/moltbot-data/objects/k", "v").drop_connection);
  EXPECT_EQ(Api("GET", "/buckets/moltbot-data/objects/k").body.bytes(), "v");
}

TEST_F(R2Rest, NamesItsGapsAndWhatItCannotRoute) {
  EXPECT_EQ(Api("GET", "/metrics").headers.Get(kGapHeader), "r2.rest.metrics");
  EXPECT_EQ(Api("GET", "/buckets/moltbot-data/sippy").headers.Get(kGapHeader), "r2.rest.sippy");
  EXPECT_EQ(Api("GET", "/buckets/moltbot-data/domains/managed").headers.Get(kGapHeader),
            "r2.rest.domains");
  EXPECT_EQ(Api("GET", "/buckets/moltbot-data/nothing").status, 404);
  EXPECT_EQ(Api("PUT", "/buckets").status, 404);
  EXPECT_EQ(Api("POST", "/buckets/moltbot-data/objects/k").status, 404);
  EXPECT_EQ(CodeOf(Api("GET", "/buckets/moltbot-data/objects/")), 10020) << "a key is not empty";
  EXPECT_EQ(Call("PUT", "/moltbot-data?lifecycle",
                 Body("<LifecycleConfiguration><Rule><Status>Enabled</Status></Rule>"
                      "</LifecycleConfiguration>"))
                .status,
            200);
  EXPECT_EQ(Api("GET", "/buckets/moltbot-data/lifecycle").headers.Get(kGapHeader),
            "r2.rest.get_lifecycle");
}

// Over S3 as well: what happens before the effect, and what after.
TEST_F(R2Rest, LosesAnAnswerOfS3AfterItsEffect) {
  CloudS3 s3(credentials, *r2, runtime, journal, faults);
  FaultRule rule;
  rule.operation = "r2.complete_multipart";
  rule.status = 500;
  faults.Add(rule);
  const auto send = [&](const char* method, const std::string& target, std::string body) {
    Request request;
    request.method = method;
    request.target = target;
    request.headers.Set("host", "h");
    SignRequest(request, "h", {credentials.s3_access_key_id, credentials.s3_secret_access_key},
                runtime.Wall(), Sha256Hex(body));
    request.body = Body(std::move(body));
    return s3.Handle(request, Peer{"127.0.0.1", false}, cancel);
  };
  const std::string id = Element(send("POST", "/moltbot-data/k?uploads", ""), "UploadId");
  const std::string etag(
      send("PUT", "/moltbot-data/k?partNumber=1&uploadId=" + id, "v").headers.Get("etag"));
  const std::string done = "<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>" +
                           etag + "</ETag></Part></CompleteMultipartUpload>";
  const Response failed = send("POST", "/moltbot-data/k?uploadId=" + id, done);
  EXPECT_EQ(failed.status, 500);
  EXPECT_EQ(Element(failed, "Code"), "InternalError");
  EXPECT_EQ(send("GET", "/moltbot-data/k", "").status, 404) << "nothing happened";
  rule.status = 0;
  rule.reset = FaultRule::Reset::kAfter;
  faults.Add(rule);
  EXPECT_TRUE(send("POST", "/moltbot-data/k?uploadId=" + id, done).drop_connection);
  EXPECT_EQ(send("GET", "/moltbot-data/k", "").body.bytes(), "v") << "but the object is there";
  EXPECT_EQ(send("POST", "/moltbot-data/k?uploadId=" + id, done).status, 404)
      << "and a second try finds no upload";
}

}  // namespace
}  // namespace mg::fake
