#include "tests/fakes/r2/r2_fixture.h"

namespace mg::fake {
namespace {

class EndlessStream final : public BodyStream {
 public:
  Result<std::string> Next(Instant) override { return std::string(1 << 20, 'x'); }
};

TEST_F(R2Fake, AnswersEveryWireCaseInTurn) {
  const auto cases = test::ReadWireCases("r2");
  ASSERT_GE(cases.size(), 28u);
  for (const auto& wire_case : cases) test::ExpectAnswer(Send(wire_case.request), wire_case);
}

TEST_F(R2Fake, NotesTheOperationAndTheKeyForTheJournal) {
  Call("PUT", "/moltbot-data/sk-1/a%2Fb", Body("v"));
  EXPECT_EQ(note.operation, "r2.put");
  EXPECT_EQ(note.subject, "sk-1/a/b");
  Call("GET", "/moltbot-data/?list-type=2");
  EXPECT_EQ(note.operation, "r2.list");
}

TEST_F(R2Fake, DecodesAKeyOnceAndTakesBothSpellingsOfASlash) {
  ASSERT_EQ(Call("PUT", "/moltbot-data/a%252Fb", Body("once")).status, 200);
  EXPECT_EQ(Call("GET", "/moltbot-data/a%252Fb").body.bytes(), "once");
  EXPECT_EQ(Call("GET", "/moltbot-data/a/b").status, 404);
  ASSERT_EQ(Call("PUT", "/moltbot-data/c%2Fd", Body("slash")).status, 200);
  EXPECT_EQ(Call("GET", "/moltbot-data/c/d").body.bytes(), "slash");
  EXPECT_EQ(Call("GET", "/moltbot-data/%zz").status, 400);
  EXPECT_EQ(Call("GET", "/moltbot-data/%ff").status, 400) << "not UTF-8";
}

TEST_F(R2Fake, ReturnsTheStoredHeadersAndForgetsThemOnTheNextPut) {
  const Headers sent = {{"Content-Type", "text/csv"},
                        {"Cache-Control", "no-cache"},
                        {"X-Amz-Meta-Mtime", "17.5"},
                        {"x-amz-meta-raw", "\xc3\xa9\xff"},
                        {"x-other", "dropped"}};
  ASSERT_EQ(Call("PUT", "/moltbot-data/k", Body("v"), sent).status, 200);
  Response got = Call("HEAD", "/moltbot-data/k");
  EXPECT_EQ(got.headers.Get("content-type"), "text/csv");
  EXPECT_EQ(got.headers.Get("cache-control"), "no-cache");
  EXPECT_EQ(got.headers.Get("x-amz-meta-mtime"), "17.5");
  EXPECT_EQ(got.headers.Get("x-amz-meta-raw"), "\xc3\xa9\xff");
  EXPECT_FALSE(got.headers.Has("x-other"));
  EXPECT_EQ(got.headers.Get("content-length"), "1");
  EXPECT_TRUE(got.body.bytes().empty());
  ASSERT_EQ(Call("PUT", "/moltbot-data/k", Body("w")).status, 200);
  got = Call("GET", "/moltbot-data/k");
  EXPECT_EQ(got.headers.Get("content-type"), "application/octet-stream");
  EXPECT_FALSE(got.headers.Has("x-amz-meta-mtime"));
}

TEST_F(R2Fake, CountsMetadataAndKeysAgainstTheServicesLimits) {
  EXPECT_EQ(
      Call("PUT", "/moltbot-data/k", Body("v"), {{"x-amz-meta-m", std::string(8191, 'v')}}).status,
      200);
  EXPECT_EQ(
      Call("PUT", "/moltbot-data/k", Body("v"), {{"x-amz-meta-m", std::string(8192, 'v')}}).status,
      400);
  EXPECT_EQ(Call("PUT", "/moltbot-data/" + std::string(1024, 'k'), Body("v")).status, 200);
  EXPECT_EQ(Call("PUT", "/moltbot-data/" + std::string(1025, 'k'), Body("v")).status, 400);
}

TEST_F(R2Fake, RefusesABodyWithoutALengthAndOneThatNeverEnds) {
  const auto endless = std::make_shared<EndlessStream>();
  EXPECT_EQ(Call("PUT", "/moltbot-data/k", Body(endless), {}, "UNSIGNED-PAYLOAD").status, 411);
  const Response got =
      Call("PUT", "/moltbot-data/k", Body(endless, 6ULL << 30), {}, "UNSIGNED-PAYLOAD");
  EXPECT_EQ(got.status, 400);
  EXPECT_NE(got.body.bytes().find("<Code>EntityTooLarge</Code>"), std::string::npos);
}

TEST_F(R2Fake, ChecksContentMd5) {
  EXPECT_EQ(Call("PUT", "/moltbot-data/k", Body("hello world"),
                 {{"content-md5", "XrY7u+Ae7tCTyyK7j1rNww=="}})
                .status,
            200);
  const Response wrong = Call("PUT", "/moltbot-data/k", Body("hello worlds"),
                              {{"content-md5", "XrY7u+Ae7tCTyyK7j1rNww=="}});
  EXPECT_NE(wrong.body.bytes().find("<Code>BadDigest</Code>"), std::string::npos);
  const Response invalid =
      Call("PUT", "/moltbot-data/k", Body("v"), {{"content-md5", "not base64"}});
  EXPECT_NE(invalid.body.bytes().find("<Code>InvalidDigest</Code>"), std::string::npos);
}

TEST_F(R2Fake, RefusesWhatTheServiceRefuses) {
  ASSERT_EQ(Call("PUT", "/moltbot-data/k", Body("v")).status, 200);
  const Headers::Line refused[] = {
      {"x-amz-tagging", "a=b"},  {"x-amz-expected-bucket-owner", "x"},
      {"x-amz-grant-read", "x"}, {"x-amz-object-lock-mode", "x"},
      {"x-amz-acl", "mine"},     {"x-amz-server-side-encryption", "aws:kms"}};
  for (const auto& header : refused) {
    const Response got = Call("PUT", "/moltbot-data/k", Body("w"), {header});
    EXPECT_EQ(got.status, 501) << header.name;
    EXPECT_EQ(Element(got, "Message"), "Header &apos;" + header.name + "&apos; with value &apos;" +
                                           header.value + "&apos; not implemented");
    EXPECT_FALSE(got.headers.Has(kGapHeader)) << header.name;
  }
  EXPECT_EQ(Element(Call("GET", "/moltbot-data/k?tagging"), "Message"),
            "GetObjectTagging not implemented");
  EXPECT_EQ(Element(Call("GET", "/moltbot-data?policyStatus"), "Message"),
            "GetGetBucketPolicyStatus not implemented");
  EXPECT_EQ(
      Element(Call("PUT", "/moltbot-data/k", Body("w"), {{"x-amz-storage-class", "COLD"}}), "Code"),
      "InvalidStorageClass");
  EXPECT_EQ(Call("PATCH", "/moltbot-data/k").status, 404);
  EXPECT_EQ(Call("GET", "/moltbot-data/k").body.bytes(), "v");
}

TEST_F(R2Fake, NamesWhatIsItsOwnGap) {
  const Response own_key = Call("PUT", "/moltbot-data/k", Body("w"),
                                {{"x-amz-server-side-encryption-customer-algorithm", "AES256"}});
  EXPECT_EQ(own_key.status, 501);
  EXPECT_EQ(own_key.headers.Get(kGapHeader), "r2.put");
  EXPECT_EQ(Call("GET", "/moltbot-data/k?versionId=1").headers.Get(kGapHeader), "r2.get");
}

TEST_F(R2Fake, DoesWithOddMethodsWhatTheServiceDoes) {
  ASSERT_EQ(Call("POST", "/moltbot-data/k", Body("posted")).status, 200);
  EXPECT_EQ(Call("GET", "/moltbot-data/k").body.bytes(), "posted");
  EXPECT_EQ(Call("HEAD", "/moltbot-data/k?tagging").status, 200);
  EXPECT_EQ(Call("DELETE", "/moltbot-data/k?tagging").status, 204);
  EXPECT_EQ(Call("GET", "/moltbot-data/k").status, 404) << "the object is gone, not its tags";
  EXPECT_EQ(Call("POST", "/moltbot-data").status, 200);
}

TEST_F(R2Fake, EscapesWhatItQuotesFromTheRequest) {
  const Response got = Call("GET", "/moltbot-data/k?%3Cb%3E=1");
  EXPECT_NE(got.body.bytes().find("&lt;b&gt;"), std::string::npos);
  EXPECT_EQ(got.body.bytes().find("<b>"), std::string::npos);
}

TEST_F(R2Fake, SurvivesAnyAuthorizationHeader) {
  for (const char* header :
       {"", " ", "AWS4-HMAC-SHA256", "AWS4-HMAC-SHA256 ", "AWS4-HMAC-SHA256 Credential",
        "AWS4-HMAC-SHA256 Credential=,SignedHeaders=,Signature=",
        "AWS4-HMAC-SHA256 Credential=a,SignedHeaders=host,Signature=b",
        "AWS4-HMAC-SHA256 Credential=/////,SignedHeaders=host,Signature=b",
        "AWS4-HMAC-SHA256 Credential=k/20260101/auto/ec2/aws4_request,SignedHeaders=host,"
        "Signature=b",
        "AWS4-HMAC-SHA256 Credential=k/20260101/auto/s3/aws5,SignedHeaders=host,Signature=b",
        "AWS4-HMAC-SHA256 Credential=k/20250101/auto/s3/aws4_request,SignedHeaders=host,"
        "Signature=b"}) {
    Request request;
    request.target = "/moltbot-data/k";
    request.headers = {{"host", "h"},
                       {"x-amz-date", "20260101T000000Z"},
                       {"x-amz-content-sha256", Sha256Hex("")},
                       {"authorization", header}};
    EXPECT_EQ(Send(request).status, 400) << header;
  }
  for (const char* date : {"", "2026", "20260230T000000Z", "20260101T0000000", "2026010aT000000Z",
                           "Thu, 01 Jan 2026 00:00:00 GMT", "99999999T999999Z"}) {
    Request request;
    request.target = "/moltbot-data/k";
    request.headers = {{"x-amz-date", date},
                       {"x-amz-content-sha256", Sha256Hex("")},
                       {"authorization", "AWS4-HMAC-SHA256 x"}};
    EXPECT_EQ(Send(request).status, 400) << date;
  }
}

TEST_F(R2Fake, RefusesASignatureThatLeavesOutTheHost) {
  Request request;
  request.target = "/moltbot-data/k";
  request.headers = {{"host", "localhost:8788"},
                     {"x-amz-date", "20260101T000000Z"},
                     {"x-amz-content-sha256", Sha256Hex("")}};
  const SigV4Key key{credentials.s3_access_key_id, credentials.s3_secret_access_key};
  const std::string canonical =
      CanonicalRequest(request, "localhost:8788", {"x-amz-date"}, Sha256Hex(""));
  request.headers.Set("authorization",
                      "AWS4-HMAC-SHA256 Credential=" + key.access_key_id +
                          "/20260101/auto/s3/aws4_request,SignedHeaders=x-amz-date,Signature=" +
                          SigV4Signature(canonical, "20260101T000000Z", key));
  EXPECT_EQ(Send(request).status, 401);
}

TEST_F(R2Fake, TakesTheBucketFromTheHostsName) {
  const Headers hosted{{"host", "moltbot-data.localhost:8789"}};
  ASSERT_EQ(Call("PUT", "/dir/k%20x", Body("v"), hosted).status, 200);
  EXPECT_EQ(note.subject, "dir/k x");
  EXPECT_EQ(Call("GET", "/moltbot-data/dir/k%20x").body.bytes(), "v");
  EXPECT_EQ(Call("GET", "/dir/k%20x", {}, hosted).body.bytes(), "v");
  EXPECT_EQ(Elements(Call("GET", "/?list-type=2", {}, hosted), "Key"), "dir/k x");
  EXPECT_EQ(Element(Call("GET", "/k", {}, {{"host", "nowhere.localhost"}}), "Code"),
            "NoSuchBucket");
  EXPECT_EQ(Call("GET", "/moltbot-data/dir/k%20x", {}, {{"host", "a.b.localhost"}}).status, 200)
      << "no bucket has such a name";
}

}  // namespace
}  // namespace mg::fake
