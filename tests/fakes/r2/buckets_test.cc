#include "core/base/bytes.h"
#include "fakes/r2/xml_reader.h"
#include "tests/fakes/r2/r2_fixture.h"

namespace mg::fake {
namespace {

class R2Buckets : public R2Fake {
 protected:
  void Fill(const std::vector<std::string>& keys) {
    for (const std::string& key : keys)
      ASSERT_EQ(Call("PUT", "/moltbot-data/" + PercentEncode(key, "/"), Body("v")).status, 200);
  }
  Response List(const std::string& query) { return Call("GET", "/moltbot-data/?" + query); }
};

TEST_F(R2Buckets, MakesListsAndRemovesBuckets) {
  const Response made = Call("PUT", "/second");
  EXPECT_EQ(made.status, 200);
  EXPECT_EQ(made.headers.Get("location"), "/second");
  EXPECT_EQ(note.operation, "r2.create_bucket");
  const Response again = Call("PUT", "/second");
  EXPECT_EQ(again.status, 409);
  EXPECT_EQ(Element(again, "Code"), "BucketAlreadyOwnedByYou");
  for (const char* name : {"ab", "Upper", "a.b", "-ab", "ab-", "a_b"})
    EXPECT_EQ(Element(Call("PUT", std::string("/") + name), "Code"), "InvalidBucketName") << name;
  const Response listed = Call("GET", "/");
  EXPECT_EQ(Elements(listed, "Name"), "moltbot-data|second");
  EXPECT_EQ(Element(listed, "ID"), credentials.account_id);
  EXPECT_EQ(Elements(Call("GET", "/?prefix=s"), "Name"), "second");
  const Response page = Call("GET", "/", {}, {{"cf-max-keys", "1"}});
  EXPECT_EQ(page.headers.Get("cf-is-truncated"), "true");
  EXPECT_EQ(page.headers.Get("cf-next-continuation-token"), "moltbot-data");
  EXPECT_EQ(Call("PUT", "/second/k", Body("v")).status, 200);
  EXPECT_EQ(Element(Call("DELETE", "/second"), "Code"), "BucketNotEmpty");
  EXPECT_EQ(Call("DELETE", "/second/k").status, 204);
  EXPECT_EQ(Call("DELETE", "/second/").status, 204);
  EXPECT_EQ(Call("DELETE", "/second").status, 404);
  EXPECT_EQ(Call("HEAD", "/second").status, 404);
}

TEST_F(R2Buckets, KeepsTheObjectsOfEachToItself) {
  Call("PUT", "/second");
  Call("PUT", "/second/k", Body("theirs"));
  EXPECT_EQ(Call("GET", "/moltbot-data/k").status, 404);
  Call("PUT", "/moltbot-data/k", Body("ours"));
  EXPECT_EQ(Call("GET", "/second/k").body.bytes(), "theirs");
}

TEST_F(R2Buckets, TakesALocationAndTellsIt) {
  const std::string body =
      "<CreateBucketConfiguration><LocationConstraint>weur</LocationConstraint>"
      "</CreateBucketConfiguration>";
  EXPECT_EQ(Call("PUT", "/second", Body(body)).status, 200);
  EXPECT_NE(Call("GET", "/second?location").body.bytes().find(">WEUR<"), std::string::npos);
  EXPECT_EQ(Element(Call("PUT", "/third", Body("<CreateBucketConfiguration>")), "Code"),
            "MalformedXML");
  EXPECT_EQ(Element(Call("PUT", "/third?a=1&b=2"), "Message"),
            "Unsupported search param(s) &quot;a&quot;, &quot;b&quot; on a PUT bucket route");
  EXPECT_EQ(Call("GET", "/second?versioning").status, 200);
  EXPECT_EQ(Element(Call("GET", "/second?encryption"), "SSEAlgorithm"), "AES256");
  EXPECT_EQ(Element(Call("GET", "/second?object-lock"), "Code"),
            "ObjectLockConfigurationNotFoundError");
}

TEST_F(R2Buckets, MakesAMissingBucketOnlyWhenAskedTo) {
  EXPECT_EQ(Call("PUT", "/new/k", Body("v")).status, 404);
  EXPECT_EQ(Call("PUT", "/new/k", Body("v"), {{"cf-create-bucket-if-missing", "true"}}).status,
            200);
  EXPECT_EQ(Call("GET", "/new/k").body.bytes(), "v");
}

TEST_F(R2Buckets, HasItsOwnBucketAgainAfterAReset) {
  Fill({"k"});
  r2->Reset();
  EXPECT_EQ(Call("HEAD", "/moltbot-data").status, 200);
  EXPECT_EQ(Call("GET", "/moltbot-data/k").status, 404);
}

TEST_F(R2Buckets, ListsKeysInByteOrderPageByPage) {
  Fill({"b", "a", "\xc3\xa9", "a/1", "Z"});
  std::string all;
  std::string query = "list-type=2&max-keys=2";
  for (int pages = 0; pages < 3; ++pages) {
    const Response page = List(query);
    all += Elements(page, "Key") + ";";
    EXPECT_EQ(Element(page, "MaxKeys"), "2");
    EXPECT_EQ(Element(page, "IsTruncated"), pages < 2 ? "true" : "false");
    query = "list-type=2&max-keys=2&continuation-token=" + Element(page, "NextContinuationToken");
  }
  EXPECT_EQ(all, "Z|a;a/1|b;\xc3\xa9;");
  EXPECT_EQ(Elements(List("list-type=2&start-after=a/1"), "Key"), "b|\xc3\xa9");
  EXPECT_EQ(Elements(List("list-type=2&prefix=a"), "Key"), "a|a/1");
  EXPECT_EQ(Elements(List("marker=a"), "Key"), "a/1|b|\xc3\xa9");
}

TEST_F(R2Buckets, GroupsKeysUnderADelimiter) {
  Fill({"img/1", "img/2", "img2", "readme", "img/deep/3"});
  const Response top = List("list-type=2&delimiter=%2F");
  EXPECT_EQ(Elements(top, "Key"), "img2|readme");
  EXPECT_EQ(Element(top, "CommonPrefixes"), "<Prefix>img/</Prefix>");
  EXPECT_EQ(Element(top, "KeyCount"), "3");
  EXPECT_EQ(Elements(List("list-type=2&delimiter=/&prefix=img/"), "Key"), "img/1|img/2");
  const Response first = List("delimiter=/&max-keys=1");
  EXPECT_EQ(Element(first, "NextMarker"), "img/");
  EXPECT_EQ(Elements(List("delimiter=/&max-keys=1&marker=img/"), "Key"), "img2")
      << "what a prefix stands for is done with it";
  EXPECT_EQ(Elements(List("list-type=2&delimiter="), "Key"), "img/1|img/2|img/deep/3|img2|readme");
}

TEST_F(R2Buckets, HasTheServicesOddities) {
  Fill({"a b/c", "x"});
  const Response coded = List("list-type=2&encoding-type=url&prefix=a%20b/");
  EXPECT_EQ(Elements(coded, "Key"), "a%20b%2Fc");
  EXPECT_EQ(Element(coded, "EncodingType"), "url");
  const Response none = List("list-type=2&max-keys=0");
  EXPECT_EQ(Element(none, "IsTruncated"), "true");
  EXPECT_EQ(Elements(none, "Key"), "");
  EXPECT_EQ(Element(List("list-type=2&max-keys=5000"), "MaxKeys"), "5000");
  EXPECT_EQ(Element(List("max-keys=1.9"), "MaxKeys"), "1");
  for (const char* wrong : {"", "-1", "x", "1.2.3"})
    EXPECT_EQ(Element(List(std::string("max-keys=") + wrong), "Code"), "InvalidMaxKeys") << wrong;
  EXPECT_EQ(Element(List("list-type=3"), "Message"), "ListObjectsV3 not implemented");
  EXPECT_EQ(Element(List("list-type=2&foo=1"), "Message"),
            "ListObjectsV2 search parameter foo not implemented");
  EXPECT_EQ(Element(List("continuation-token=x"), "Message"),
            "continuation-token not supported in ListObjects");
  EXPECT_EQ(List("list-type=2&continuation-token=%21").status, 400);
  EXPECT_EQ(List("encoding-type=x").status, 501);
}

TEST_F(R2Buckets, DeletesManyKeysThatAreTakenLiterally) {
  Fill({" a ", "007", "kept"});
  const std::string body =
      "<Delete xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Quiet>true</Quiet>"
      "<Object><Key> a </Key></Object><Object><Key>007</Key></Object>"
      "<Object><Key>absent&amp;</Key></Object></Delete>";
  const Response got = Call("POST", "/moltbot-data/?delete=", Body(body));
  EXPECT_EQ(got.status, 200);
  EXPECT_EQ(note.operation, "r2.delete_many");
  EXPECT_EQ(Elements(got, "Key"), " a |007|absent&amp;") << "Quiet is not heeded";
  EXPECT_EQ(Elements(List(""), "Key"), "kept");
  std::string many = "<Delete>";
  for (int i = 0; i < 1001; ++i) many += "<Object><Key>k" + std::to_string(i) + "</Key></Object>";
  for (const std::string& wrong :
       {many + "</Delete>", std::string("<Delete></Delete>"), std::string("<Delete>"),
        std::string("<Delete><Object><Key></Key></Object></Delete>"),
        std::string("<Delete><Object><Key>k</Key></Object><Quiet>1</Quiet></Delete>")}) {
    EXPECT_EQ(Element(Call("POST", "/moltbot-data?delete", Body(wrong)), "Code"), "MalformedXML");
  }
}

TEST_F(R2Buckets, StoresCorsAndAnswersBrowsers) {
  EXPECT_EQ(Element(Call("GET", "/moltbot-data?cors"), "Code"), "NoSuchCORSConfiguration");
  const std::string body =
      "<CORSConfiguration><CORSRule><AllowedOrigin>https://app.test</AllowedOrigin>"
      "<AllowedMethod>PUT</AllowedMethod><AllowedHeader>Content-Type</AllowedHeader>"
      "<ExposeHeader>ETag</ExposeHeader><MaxAgeSeconds>60</MaxAgeSeconds></CORSRule>"
      "</CORSConfiguration>";
  ASSERT_EQ(Call("PUT", "/moltbot-data?cors", Body(body)).status, 200);
  EXPECT_EQ(Element(Call("GET", "/moltbot-data?cors"), "AllowedOrigin"), "https://app.test");
  const Response put = Call("PUT", "/moltbot-data/k", Body("v"), {{"origin", "https://app.test"}});
  EXPECT_EQ(put.headers.Get("access-control-allow-origin"), "https://app.test");
  EXPECT_EQ(put.headers.Get("access-control-expose-headers"), "ETag");
  const Response other = Call("PUT", "/moltbot-data/k", Body("v"), {{"origin", "https://b.test"}});
  EXPECT_EQ(other.status, 200);
  EXPECT_FALSE(other.headers.Has("access-control-allow-origin"));
  Request preflight;
  preflight.method = "OPTIONS";
  preflight.target = "/moltbot-data/k";
  preflight.headers = {{"origin", "https://app.test"},
                       {"access-control-request-method", "PUT"},
                       {"access-control-request-headers", "content-type"}};
  const Response allowed = Send(preflight);
  EXPECT_EQ(allowed.status, 204);
  EXPECT_EQ(allowed.headers.Get("access-control-max-age"), "60");
  preflight.headers.Set("access-control-request-method", "GET");
  EXPECT_EQ(Send(preflight).status, 403);
  EXPECT_EQ(Call("DELETE", "/moltbot-data?cors").status, 204);
  EXPECT_EQ(Call("GET", "/moltbot-data?cors").status, 404);
  for (const char* wrong : {"<CORSConfiguration></CORSConfiguration>", "x",
                            "<CORSConfiguration><CORSRule><AllowedOrigin>https://a/b"
                            "</AllowedOrigin><AllowedMethod>PUT</AllowedMethod></CORSRule>"
                            "</CORSConfiguration>"}) {
    EXPECT_EQ(Element(Call("PUT", "/moltbot-data?cors", Body(wrong)), "Code"), "MalformedXML");
  }
}

TEST_F(R2Buckets, GivesALifecycleBackAsItCame) {
  const Response first = Call("GET", "/moltbot-data?lifecycle");
  EXPECT_EQ(Element(first, "ID"), "Default Multipart Abort Rule");
  EXPECT_EQ(Element(first, "DaysAfterInitiation"), "7");
  const std::string body =
      "<LifecycleConfiguration><Rule><ID>x</ID><Status>Enabled</Status></Rule>"
      "</LifecycleConfiguration>";
  EXPECT_EQ(Call("PUT", "/moltbot-data?lifecycle", Body(body)).status, 200);
  EXPECT_EQ(Call("GET", "/moltbot-data?lifecycle").body.bytes(), body);
  EXPECT_EQ(Call("PUT", "/moltbot-data?lifecycle", Body("<a/>")).status, 400);
  EXPECT_EQ(Call("DELETE", "/moltbot-data?lifecycle").status, 204);
  EXPECT_EQ(Call("GET", "/moltbot-data?lifecycle").status, 404);
}

TEST(R2Xml, ReadsWhatClientsSendAndNothingElse) {
  const auto read = ParseXml(
      "\xef\xbb\xbf<?xml version=\"1.0\"?>\n<!-- c --><a x='1' y=\"2\"> <b> &lt;&#65;&#x42; </b>"
      "<b/><c><![CDATA[<raw>]]></c></a>\n");
  ASSERT_TRUE(read);
  EXPECT_EQ(read->TextOf("b"), " <AB ");
  EXPECT_EQ(read->TextOf("c"), "<raw>");
  EXPECT_EQ(read->children.size(), 3u);
  for (const char* wrong :
       {"", "a", "<a>", "<a></b>", "<a/><b/>", "<a>&x;</a>", "<a>&#0;</a>", "<a>&#xd800;</a>",
        "<!DOCTYPE a><a/>", "<a b=c/>", "<a b='<'/>", "<a>text<b/></a>", "<a>\xff</a>",
        "<a><b><c><d><e><f><g><h><i/></h></g></f></e></d></c></b></a>", "<a b='1'c='2'/>"}) {
    EXPECT_FALSE(ParseXml(wrong)) << wrong;
  }
  EXPECT_FALSE(ParseXml(std::string_view("<a>x\0y</a>", 10)));
  EXPECT_FALSE(ParseXml(std::string_view("<a><![CDATA[\0]]></a>", 20)));
}

}  // namespace
}  // namespace mg::fake
