#include "core/base/bytes.h"
#include "core/base/time_text.h"
#include "fakes/r2/dates.h"
#include "fakes/r2/digests.h"
#include "tests/fakes/r2/r2_fixture.h"

namespace mg::fake {
namespace {

class R2Objects : public R2Fake {
 protected:
  Response Put(const std::string& key, const std::string& text, Headers headers = {}) {
    return Call("PUT", "/moltbot-data/" + key, Body(text), std::move(headers));
  }
  Response Get(const std::string& key, Headers headers = {}) {
    return Call("GET", "/moltbot-data/" + key, {}, std::move(headers));
  }
};

TEST_F(R2Objects, ServesOneRangeAndRefusesTheRestAsTheServiceDoes) {
  Put("k", "hello world");
  Put("empty", "");
  struct Row {
    const char* key;
    const char* range;
    int status;
    const char* content_range;
    const char* body;
  };
  const Row rows[] = {{"k", "bytes=2-5", 206, "bytes 2-5/11", "llo "},
                      {"k", "bytes=6-", 206, "bytes 6-10/11", "world"},
                      {"k", "bytes=6-99999999999999999999", 206, "bytes 6-10/11", "world"},
                      {"k", "bytes=-3", 206, "bytes 8-10/11", "rld"},
                      {"k", "bytes=-99", 206, "bytes 0-10/11", "hello world"},
                      {"k", "bytes=11-", 416, "", ""},
                      {"k", "bytes=-0", 416, "", ""},
                      {"empty", "bytes=0-", 416, "", ""},
                      {"k", "bytes=5-2", 400, "", ""},
                      {"k", "bytes=0-1,3-4", 400, "", ""},
                      {"k", "lines=0-1", 400, "", ""},
                      {"k", "bytes=-", 400, "", ""},
                      {"k", "bytes=a-b", 400, "", ""}};
  for (const Row& row : rows) {
    const Response got = Get(row.key, {{"range", row.range}});
    EXPECT_EQ(got.status, row.status) << row.range;
    EXPECT_EQ(got.headers.Get("content-range"), row.content_range) << row.range;
    if (row.status != 206) continue;
    EXPECT_EQ(got.body.bytes(), row.body) << row.range;
  }
  const Response head = Call("HEAD", "/moltbot-data/k", {}, {{"range", "bytes=2-5"}});
  EXPECT_EQ(head.status, 206);
  EXPECT_EQ(head.headers.Get("content-length"), "4");
}

TEST_F(R2Objects, JudgesReadsByTheirConditions) {
  Put("k", "hello world");
  const std::string etag = "\"5eb63bbbe01eeed093cb22bb8f5acdc3\"";
  const std::string at = "Thu, 01 Jan 2026 00:00:00 GMT";
  const std::string before = "Wed, 31 Dec 2025 23:59:59 GMT";
  struct Row {
    Headers headers;
    int status;
  };
  const Row rows[] = {{{{"if-match", etag}}, 200},
                      {{{"if-match", "\"x\", " + etag}}, 200},
                      {{{"if-match", "5eb63bbbe01eeed093cb22bb8f5acdc3"}}, 200},
                      {{{"if-match", "W/" + etag}}, 412},
                      {{{"if-match", "*"}}, 200},
                      {{{"if-match", "\"x\""}}, 412},
                      {{{"if-none-match", etag}}, 304},
                      {{{"if-none-match", "W/" + etag}}, 304},
                      {{{"if-none-match", "\"x\""}}, 200},
                      {{{"if-modified-since", at}}, 304},
                      {{{"if-modified-since", before}}, 200},
                      {{{"if-unmodified-since", before}}, 412},
                      {{{"if-unmodified-since", at}}, 200},
                      {{{"if-unmodified-since", before}, {"if-match", etag}}, 200},
                      {{{"if-modified-since", at}, {"if-none-match", "\"x\""}}, 200},
                      {{{"if-modified-since", "yesterday"}}, 200}};
  for (const Row& row : rows) {
    const Response got = Get("k", row.headers);
    EXPECT_EQ(got.status, row.status) << row.headers.lines().front().value;
    if (row.status != 304) continue;
    EXPECT_EQ(got.headers.Get("etag"), etag);
    EXPECT_TRUE(got.body.bytes().empty());
  }
}

TEST_F(R2Objects, PutsOnlyWhenTheConditionsHold) {
  EXPECT_EQ(Put("k", "a", {{"if-match", "*"}}).status, 412) << "there is none";
  EXPECT_EQ(Put("k", "a", {{"if-none-match", "*"}}).status, 200);
  EXPECT_EQ(Put("k", "b", {{"if-none-match", "*"}}).status, 412);
  EXPECT_EQ(Put("k", "b", {{"if-match", "\"0cc175b9c0f1b6a831c399e269772661\""}}).status, 200);
  EXPECT_EQ(Put("k", "c", {{"if-match", "\"0cc175b9c0f1b6a831c399e269772661\""}}).status, 412);
  EXPECT_EQ(Get("k").body.bytes(), "b");
}

TEST_F(R2Objects, ChecksStoresAndReturnsEveryChecksum) {
  const std::pair<const char*, const char*> values[] = {
      {"crc32", "DUoRhQ=="},
      {"crc32c", "yZRlqg=="},
      {"crc64nvme", "jSnVw/bqjr4="},
      {"sha1", "Kq5sNclPz7QV2+lfQIuc6R7oRu0="},
      {"sha256", "uU0nuZNNPgilLlLX2n2r+sSE7+N6U4DukIj3rOLvzek="}};
  for (const auto& [name, value] : values) {
    const std::string header = std::string("x-amz-checksum-") + name;
    const Response put = Put("k", "hello world", {{header, value}});
    EXPECT_EQ(put.status, 200) << name;
    EXPECT_EQ(put.headers.Get(header), value);
    EXPECT_EQ(Get("k", {{"x-amz-checksum-mode", "ENABLED"}}).headers.Get(header), value);
    EXPECT_FALSE(Get("k").headers.Has(header));
    const Headers ranged = {{"x-amz-checksum-mode", "ENABLED"}, {"range", "bytes=0-1"}};
    EXPECT_FALSE(Get("k", ranged).headers.Has(header)) << "it is of the whole";
    EXPECT_EQ(Element(Put("k", "hello worlds", {{header, value}}), "Code"), "BadDigest") << name;
    EXPECT_EQ(Element(Put("k", "x", {{header, "AAA="}}), "Code"), "InvalidDigest") << name;
  }
  const Headers two = {{"x-amz-checksum-crc32", "DUoRhQ=="}, {"x-amz-checksum-crc32c", "yZRlqg=="}};
  EXPECT_EQ(Put("k", "hello world", two).status, 400);
  EXPECT_EQ(Get("k").body.bytes(), "hello world");
}

TEST(R2Digests, AgreeWithTheirCheckValues) {
  EXPECT_EQ(HexEncode(DigestOf(Algorithm::kCrc32, "123456789")), "cbf43926");
  EXPECT_EQ(HexEncode(DigestOf(Algorithm::kCrc32c, "123456789")), "e3069283");
  EXPECT_EQ(HexEncode(DigestOf(Algorithm::kCrc64Nvme, "123456789")), "ae8b14860a799888");
  EXPECT_EQ(HexEncode(DigestOf(Algorithm::kMd5, "")), "d41d8cd98f00b204e9800998ecf8427e");
  std::string text;
  for (int i = 0; i < 1000; ++i) text += static_cast<char>(i * 7);
  for (const Algorithm algorithm : kChecksumAlgorithms) {
    Digest pieces(algorithm);
    for (std::size_t i = 0; i < text.size(); i += 13) pieces.Update(text.substr(i, 13));
    EXPECT_EQ(pieces.Finish(), DigestOf(algorithm, text)) << NameOf(algorithm);
  }
}

TEST_F(R2Objects, TakesKeysThatAreEqualInNfcForOne) {
  ASSERT_EQ(Put("caf%C3%A9", "composed").status, 200);
  EXPECT_EQ(Get("cafe%CC%81").body.bytes(), "composed");
  ASSERT_EQ(Put("cafe%CC%81", "apart").status, 200);
  EXPECT_EQ(Get("caf%C3%A9").body.bytes(), "apart");
  const Response listed = Call("GET", "/moltbot-data?list-type=2");
  EXPECT_EQ(Elements(listed, "Key"), "cafe\xcc\x81") << "as it was last spelled";
}

TEST_F(R2Objects, CountsEncodedWordsOfMetadataDecoded) {
  const std::string word = "=?UTF-8?B?" + Base64Encode(std::string(6000, 'v')) + "?=";
  EXPECT_EQ(Put("k", "v", {{"x-amz-meta-m", word}}).status, 200);
  EXPECT_EQ(Put("k", "v", {{"x-amz-meta-m", word + word}}).status, 400);
  EXPECT_EQ(Get("k").headers.Get("x-amz-meta-m"), word);
}

TEST_F(R2Objects, OverridesHeadersWhenAskedTo) {
  Put("k", "v", {{"content-type", "text/csv"}});
  const Response got = Get("k?response-content-type=text%2Fhtml&response-cache-control=no-store");
  EXPECT_EQ(got.headers.Get("content-type"), "text/html");
  EXPECT_EQ(got.headers.Get("cache-control"), "no-store");
  const Response split = Get("k?response-content-type=a%0D%0Ax-evil:%201");
  EXPECT_EQ(split.headers.Get("content-type"), "text/csv");
}

TEST_F(R2Objects, KeepsTheStorageClassAndStripsAwsChunked) {
  Put("k", "v", {{"x-amz-storage-class", "STANDARD_IA"}, {"content-encoding", "gzip,aws-chunked"}});
  const Response got = Get("k");
  EXPECT_EQ(got.headers.Get("x-amz-storage-class"), "STANDARD_IA");
  EXPECT_EQ(got.headers.Get("content-encoding"), "gzip");
  EXPECT_EQ(Elements(Call("GET", "/moltbot-data"), "StorageClass"), "STANDARD_IA");
}

class R2Copies : public R2Objects {
 protected:
  Response Copy(const std::string& from, const std::string& to, Headers headers = {}) {
    headers.Set("x-amz-copy-source", from);
    return Call("PUT", "/moltbot-data/" + to, {}, std::move(headers));
  }
};

TEST_F(R2Copies, CopiesBytesAndMetadataUnderBothSpellingsOfTheSource) {
  Put("a b", "hello world", {{"content-type", "text/csv"}, {"x-amz-meta-x", "1"}});
  for (const char* from : {"/moltbot-data/a%20b", "moltbot-data/a%20b"}) {
    const Response copied = Copy(from, "c");
    EXPECT_EQ(copied.status, 200) << from;
    EXPECT_EQ(Element(copied, "ETag"), "&quot;5eb63bbbe01eeed093cb22bb8f5acdc3&quot;");
    EXPECT_EQ(Element(copied, "LastModified"), "2026-01-01T00:00:00.000Z");
    EXPECT_TRUE(copied.headers.Has("x-amz-copy-source-version-id"));
  }
  const Response got = Get("c");
  EXPECT_EQ(got.body.bytes(), "hello world");
  EXPECT_EQ(got.headers.Get("content-type"), "text/csv");
  EXPECT_EQ(got.headers.Get("x-amz-meta-x"), "1");
  EXPECT_EQ(note.operation, "r2.get");
}

TEST_F(R2Copies, ReplacesOrMergesMetadataAsToldTo) {
  Put("a", "v", {{"content-type", "text/csv"}, {"x-amz-meta-x", "1"}});
  Copy("moltbot-data/a", "a", {{"x-amz-metadata-directive", "MERGE"}, {"x-amz-meta-y", "2"}});
  EXPECT_EQ(Get("a").headers.Get("x-amz-meta-x"), "1");
  EXPECT_EQ(Get("a").headers.Get("x-amz-meta-y"), "2");
  Copy("moltbot-data/a", "a", {{"x-amz-metadata-directive", "REPLACE"}, {"x-amz-meta-z", "3"}});
  EXPECT_FALSE(Get("a").headers.Has("x-amz-meta-x"));
  EXPECT_EQ(Get("a").headers.Get("x-amz-meta-z"), "3");
  EXPECT_EQ(Get("a").headers.Get("content-type"), "application/octet-stream");
  EXPECT_EQ(Copy("moltbot-data/a", "a", {{"x-amz-metadata-directive", "X"}}).status, 400);
}

TEST_F(R2Copies, ChecksSourceAndDestination) {
  Put("a", "v");
  EXPECT_EQ(Element(Copy("moltbot-data/none", "c"), "Code"), "NoSuchKey");
  EXPECT_EQ(Element(Copy("elsewhere/a", "c"), "Code"), "NoSuchBucket");
  EXPECT_EQ(Element(Copy("moltbot-data/", "c"), "Message"), "copy source bucket name");
  EXPECT_EQ(Copy("moltbot-data/a", "c", {{"x-amz-copy-source-if-match", "\"x\""}}).status, 412);
  EXPECT_EQ(Copy("moltbot-data/a", "c", {{"x-amz-copy-source-if-none-match", "\"x\""}}).status,
            200);
  EXPECT_EQ(Copy("moltbot-data/a", "c", {{"cf-copy-destination-if-none-match", "*"}}).status, 412);
  EXPECT_EQ(Copy("moltbot-data/a", "c", {{"x-amz-checksum-algorithm", "CRC32"}}).status, 501);
}

TEST_F(R2Copies, KeepsACopyWhenItsSourceGoes) {
  const std::string big(300'000, 'x');
  Put("a", big);
  ASSERT_EQ(Copy("moltbot-data/a", "c").status, 200);
  ASSERT_EQ(Call("DELETE", "/moltbot-data/a").status, 204);
  EXPECT_EQ(All(Get("c")), big);
}

TEST(R2Dates, ReadWhatTheyWrite) {
  EXPECT_EQ(HttpDate(784'111'777), "Sun, 06 Nov 1994 08:49:37 GMT");
  EXPECT_EQ(ParseHttpDate("Sun, 06 Nov 1994 08:49:37 GMT"), 784'111'777);
  for (const char* text : {"", "Mon, 06 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 08:49:37 UTC",
                           "Sun, 31 Feb 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT"}) {
    EXPECT_FALSE(ParseHttpDate(text)) << text;
  }
}

}  // namespace
}  // namespace mg::fake
