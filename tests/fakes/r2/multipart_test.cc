#include "core/base/bytes.h"
#include "tests/fakes/r2/r2_fixture.h"

namespace mg::fake {
namespace {

constexpr std::size_t kPart = 5 * 1024 * 1024;

class R2Multipart : public R2Fake {
 protected:
  std::string Begin(const std::string& key, Headers headers = {}) {
    const Response got = Call("POST", "/moltbot-data/" + key + "?uploads=", {}, std::move(headers));
    EXPECT_EQ(got.status, 200);
    return Element(got, "UploadId");
  }
  // The part's ETag, with its quotes; "" when it was refused.
  std::string Part(const std::string& key, const std::string& id, int number, std::string bytes,
                   Headers headers = {}) {
    const Response got = Call(
        "PUT", "/moltbot-data/" + key + "?partNumber=" + std::to_string(number) + "&uploadId=" + id,
        Body(std::move(bytes)), std::move(headers), "UNSIGNED-PAYLOAD");
    return std::string(got.headers.Get("etag"));
  }
  static std::string Named(int number, const std::string& etag) {
    return "<Part><PartNumber>" + std::to_string(number) + "</PartNumber><ETag>" + etag +
           "</ETag></Part>";
  }
  Response Complete(const std::string& key, const std::string& id, const std::string& parts,
                    Headers headers = {}) {
    return Call("POST", "/moltbot-data/" + key + "?uploadId=" + id,
                Body("<CompleteMultipartUpload>" + parts + "</CompleteMultipartUpload>"),
                std::move(headers));
  }
};

// storage.md 4.3, vector E.
TEST_F(R2Multipart, JoinsPartsAndTheirDigests) {
  const std::string id = Begin("k", {{"content-type", "text/csv"}, {"x-amz-meta-x", "1"}});
  const std::string second = Part("k", id, 2, "b");
  const std::string first = Part("k", id, 1, std::string(kPart, 'a'));
  EXPECT_EQ(first, "\"79b281060d337b9b2b84ccf390adcf74\"");
  EXPECT_EQ(Call("GET", "/moltbot-data/k").status, 404) << "nothing is there before the end";
  const Response done = Complete("k", id, Named(2, second) + Named(1, first));
  EXPECT_EQ(done.status, 200);
  EXPECT_EQ(Element(done, "ETag"), "&quot;e5a8c5272b26fc10581a21089559b006-2&quot;");
  EXPECT_EQ(Element(done, "Location"), "http://localhost:8788/moltbot-data/k");
  Response got = Call("GET", "/moltbot-data/k");
  EXPECT_EQ(got.headers.Get("etag"), "\"e5a8c5272b26fc10581a21089559b006-2\"");
  EXPECT_EQ(got.headers.Get("content-type"), "text/csv");
  EXPECT_EQ(All(std::move(got)), std::string(kPart, 'a') + "b");
  const Response part = Call("GET", "/moltbot-data/k?partNumber=2");
  EXPECT_EQ(part.status, 206);
  EXPECT_EQ(part.headers.Get("x-amz-mp-parts-count"), "2");
  EXPECT_EQ(part.body.bytes(), "b");
  EXPECT_EQ(Call("GET", "/moltbot-data/k", {}, {{"range", "bytes=5242879-"}}).body.bytes(), "ab")
      << "over the seam";
  EXPECT_EQ(Element(Complete("k", id, Named(1, first)), "Code"), "NoSuchUpload");
  EXPECT_EQ(Call("DELETE", "/moltbot-data/k?uploadId=" + id).status, 204) << "even now";
}

TEST_F(R2Multipart, ChecksThePartsAtTheEnd) {
  const std::string id = Begin("k");
  const std::string small = Part("k", id, 1, "a");
  const std::string other = Part("k", id, 2, "b");
  struct Row {
    std::string parts;
    const char* code;
  };
  const Row rows[] = {
      {"", "MalformedXML"},
      {"<Part><PartNumber>x</PartNumber></Part>", "MalformedXML"},
      {Named(1, "\"00\""), "InvalidPart"},
      {Named(9, small), "InvalidPart"},
      {Named(1, small) + Named(1, small), "InvalidPart"},
      {Named(1, small) + Named(2, other), "EntityTooSmall"},
  };
  for (const Row& row : rows) {
    const Response got = Complete("k", id, row.parts);
    EXPECT_EQ(got.status, 400);
    EXPECT_EQ(Element(got, "Code"), row.code) << row.parts;
  }
  const std::string big = Part("k", id, 1, std::string(kPart, 'a'));
  const std::string bigger = Part("k", id, 2, std::string(kPart + 1, 'b'));
  EXPECT_EQ(Element(Complete("k", id, Named(1, big) + Named(2, bigger)), "Message"),
            "All non-trailing parts must have the same length.");
  EXPECT_EQ(Complete("k", id, Named(1, big.substr(1, 32))).status, 200) << "quotes are optional";
}

TEST_F(R2Multipart, RefusesNumbersAndUploadsThatAreNone) {
  const std::string id = Begin("k");
  const auto put = [&](const std::string& query) {
    return Call("PUT", "/moltbot-data/k?" + query, Body("v"));
  };
  for (const char* number : {"0", "10001", "-1", ""})
    EXPECT_EQ(Element(put("partNumber=" + std::string(number) + "&uploadId=" + id), "Code"),
              "InvalidArgument")
        << number;
  EXPECT_EQ(put("partNumber=x&uploadId=" + id).status, 404);
  EXPECT_EQ(Element(put("partNumber=1&uploadId=nope"), "Code"), "NoSuchUpload");
  EXPECT_EQ(Call("PUT", "/moltbot-data/other?partNumber=1&uploadId=" + id, Body("v")).status, 404);
  EXPECT_EQ(Call("DELETE", "/moltbot-data/k?uploadId=nope").status, 404);
  EXPECT_EQ(put("uploadId=" + id).status, 200) << "without a number it is an object";
}

TEST_F(R2Multipart, ListsPartsAndUploads) {
  const std::string id = Begin("dir/a");
  Begin("b");
  Part("dir/a", id, 3, "ccc");
  Part("dir/a", id, 1, "a");
  const Response parts = Call("GET", "/moltbot-data/dir/a?uploadId=" + id);
  EXPECT_EQ(note.operation, "r2.list_parts");
  EXPECT_EQ(Elements(parts, "PartNumber"), "1|3");
  EXPECT_EQ(Elements(parts, "Size"), "1|3");
  const Response page = Call("GET", "/moltbot-data/dir/a?max-parts=1&uploadId=" + id);
  EXPECT_EQ(Element(page, "IsTruncated"), "true");
  EXPECT_EQ(Element(page, "NextPartNumberMarker"), "1");
  EXPECT_EQ(Elements(Call("GET", "/moltbot-data/dir/a?part-number-marker=1&uploadId=" + id),
                     "PartNumber"),
            "3");
  const Response uploads = Call("GET", "/moltbot-data?uploads");
  EXPECT_EQ(Elements(uploads, "Key"), "b|dir/a");
  const Response grouped = Call("GET", "/moltbot-data?uploads=&delimiter=/");
  EXPECT_EQ(Elements(grouped, "Key"), "b");
  EXPECT_EQ(Element(grouped, "CommonPrefixes"), "<Prefix>dir/</Prefix>");
  const Response first = Call("GET", "/moltbot-data?uploads&max-uploads=1");
  EXPECT_EQ(Element(first, "IsTruncated"), "true");
  EXPECT_EQ(
      Elements(Call("GET", "/moltbot-data?uploads&key-marker=" + Element(first, "NextKeyMarker") +
                               "&upload-id-marker=" + Element(first, "NextUploadIdMarker")),
               "Key"),
      "dir/a");
  Call("DELETE", "/moltbot-data/dir/a?uploadId=" + id);
  EXPECT_EQ(Elements(Call("GET", "/moltbot-data?uploads"), "Key"), "b");
  EXPECT_EQ(Call("GET", "/moltbot-data/dir/a?uploadId=" + id).status, 404);
}

TEST_F(R2Multipart, CopiesPartsWithARange) {
  Call("PUT", "/moltbot-data/source", Body("hello world"));
  const std::string id = Begin("k");
  const auto copy = [&](const char* range) {
    return Call("PUT", "/moltbot-data/k?partNumber=1&uploadId=" + id, {},
                {{"x-amz-copy-source", "moltbot-data/source"}, {"x-amz-copy-source-range", range}});
  };
  EXPECT_EQ(Element(copy("bytes=5-2"), "Message"), "x-amz-copy-source-range must be positive.");
  const Response copied = copy("bytes=6-99");
  EXPECT_EQ(copied.status, 200);
  EXPECT_EQ(note.operation, "r2.copy_part");
  EXPECT_EQ(Complete("k", id, Named(1, Element(copied, "ETag"))).status, 200);
  EXPECT_EQ(Call("GET", "/moltbot-data/k").body.bytes(), "world");
  EXPECT_EQ(
      Call("PUT", "/moltbot-data/k?partNumber=1&uploadId=" + id, {},
           {{"x-amz-copy-source", "moltbot-data/source"}, {"x-amz-copy-source-if-match", "x"}})
          .status,
      501);
}

TEST_F(R2Multipart, LosesTheUploadWithAConditionThatFailsAtTheEnd) {
  Call("PUT", "/moltbot-data/k", Body("old"));
  const std::string id = Begin("k");
  const std::string etag = Part("k", id, 1, "new");
  EXPECT_EQ(Complete("k", id, Named(1, etag), {{"if-none-match", "*"}}).status, 412);
  EXPECT_EQ(Call("GET", "/moltbot-data/k").body.bytes(), "old");
  EXPECT_EQ(Element(Complete("k", id, Named(1, etag)), "Code"), "NoSuchUpload");
  EXPECT_EQ(Call("POST", "/moltbot-data/k?uploads", {}, {{"if-none-match", "*"}}).status, 412);
}

TEST_F(R2Multipart, JoinsThePartsChecksumsToo) {
  const std::string id = Begin("k", {{"x-amz-checksum-algorithm", "CRC32"}});
  const std::string first = Part("k", id, 1, std::string(kPart, 'a'));
  const std::string second =
      Part("k", id, 2, "hello world", {{"x-amz-checksum-crc32", "DUoRhQ=="}});
  EXPECT_NE(second, "");
  EXPECT_EQ(Part("k", id, 3, "hello worlds", {{"x-amz-checksum-crc32", "DUoRhQ=="}}), "");
  const Response wrong = Complete("k", id,
                                  "<Part><PartNumber>2</PartNumber><ETag>" + second +
                                      "</ETag><ChecksumCRC32>AAAAAA==</ChecksumCRC32></Part>");
  EXPECT_EQ(Element(wrong, "Code"), "InvalidPart");
  const Response done = Complete("k", id, Named(1, first) + Named(2, second));
  const std::string checksum = Element(done, "ChecksumCRC32");
  EXPECT_EQ(checksum.substr(checksum.size() - 2), "-2");
  EXPECT_EQ(Call("HEAD", "/moltbot-data/k", {}, {{"x-amz-checksum-mode", "ENABLED"}})
                .headers.Get("x-amz-checksum-crc32"),
            checksum);
}

TEST_F(R2Multipart, EndsUploadsThatNobodyFinishedInAWeek) {
  const std::string id = Begin("k");
  runtime.Advance(std::chrono::hours(24 * 7 + 1));
  EXPECT_EQ(Elements(Call("GET", "/moltbot-data?uploads"), "Key"), "");
  EXPECT_EQ(Part("k", id, 1, "v"), "");
}

TEST_F(R2Multipart, CopiesAnObjectOfPartsUnderThePlainMd5) {
  const std::string id = Begin("k");
  const std::string etag = Part("k", id, 1, "hello world");
  ASSERT_EQ(Complete("k", id, Named(1, etag)).status, 200);
  const Response copied =
      Call("PUT", "/moltbot-data/c", {}, {{"x-amz-copy-source", "moltbot-data/k"}});
  EXPECT_EQ(Element(copied, "ETag"), "&quot;5eb63bbbe01eeed093cb22bb8f5acdc3&quot;");
}

}  // namespace
}  // namespace mg::fake
