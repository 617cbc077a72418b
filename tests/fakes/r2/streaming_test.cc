// Presigned addresses and bodies that are framed as aws-chunked.
#include <algorithm>

#include "core/base/bytes.h"
#include "fakes/r2/aws_chunked.h"
#include "tests/fakes/r2/r2_fixture.h"

namespace mg::fake {
namespace {

class Pieces final : public BodyStream {
 public:
  Pieces(std::string bytes, std::size_t size) : bytes_(std::move(bytes)), size_(size) {}
  Result<std::string> Next(Instant) override {
    std::string piece = bytes_.substr(at_, size_);
    at_ += piece.size();
    return piece;
  }

 private:
  const std::string bytes_;
  const std::size_t size_;
  std::size_t at_ = 0;
};

class R2Streaming : public R2Fake {
 protected:
  Response Put(const std::string& payload, const std::string& framed, const std::string& length,
               Headers headers = {}, std::size_t piece = 7) {
    headers.Set("x-amz-decoded-content-length", length);
    headers.Set("content-encoding", "aws-chunked");
    return Call("PUT", "/moltbot-data/k", Body(std::make_shared<Pieces>(framed, piece)),
                std::move(headers), payload);
  }
  std::string Stored() { return Call("GET", "/moltbot-data/k").body.bytes(); }
};

constexpr const char* kUnsigned = "STREAMING-UNSIGNED-PAYLOAD-TRAILER";
constexpr const char* kFramed =
    "6\r\nhello \r\n5\r\nworld\r\n0\r\nx-amz-checksum-crc32:DUoRhQ==\r\n\r\n";

TEST_F(R2Streaming, TakesAnUnsignedBodyWithATrailer) {
  for (const std::size_t piece : {1u, 3u, 1000u}) {
    const Response put =
        Put(kUnsigned, kFramed, "11", {{"x-amz-trailer", "x-amz-checksum-crc32"}}, piece);
    EXPECT_EQ(put.status, 200) << put.body.bytes();
    EXPECT_EQ(put.headers.Get("x-amz-checksum-crc32"), "DUoRhQ==");
    EXPECT_EQ(Stored(), "hello world");
  }
  EXPECT_FALSE(Call("GET", "/moltbot-data/k").headers.Has("content-encoding"));
}

TEST_F(R2Streaming, RefusesABodyThatIsNotWhatItsTrailerSays) {
  const Headers trailer = {{"x-amz-trailer", "x-amz-checksum-crc32"}};
  const std::string wrong = "5\r\nworld\r\n0\r\nx-amz-checksum-crc32:DUoRhQ==\r\n\r\n";
  EXPECT_EQ(Element(Put(kUnsigned, wrong, "5", trailer), "Code"), "BadDigest");
  EXPECT_EQ(Element(Put(kUnsigned, "5\r\nworld\r\n0\r\n\r\n", "5", trailer), "Code"),
            "InvalidDigest")
      << "it never came";
  EXPECT_EQ(Element(Put(kUnsigned, kFramed, "12", trailer), "Code"), "IncompleteBody");
  EXPECT_EQ(Put(kUnsigned, kFramed, "11", {{"x-amz-trailer", "x-other"}}).status, 400);
  for (const char* malformed :
       {"", "5", "5\r\nworld", "5\r\nworld\r\n", "x\r\n", "5\nworld\n0\n\n",
        "5\r\nworlds\r\n0\r\n\r\n", "0\r\n\r\nmore", "5;chunk-signature=0\r\nworld\r\n0\r\n\r\n",
        "ffffffffffffffff\r\n"}) {
    EXPECT_EQ(Element(Put(kUnsigned, malformed, "5"), "Code"), "IncompleteBody") << malformed;
  }
  EXPECT_EQ(Call("GET", "/moltbot-data/k").status, 404);
}

TEST_F(R2Streaming, VerifiesEveryChunkOfASignedBody) {
  // The seed is the request's own signature, so the frames are made for it.
  const SigV4Key key{credentials.s3_access_key_id, credentials.s3_secret_access_key};
  const auto send = [&](bool spoiled) {
    Request request;
    request.method = "PUT";
    request.target = "/moltbot-data/k";
    request.headers = {{"host", "localhost:8788"},
                       {"x-amz-decoded-content-length", "11"},
                       {"x-amz-trailer", "x-amz-checksum-crc32"}};
    SignRequest(request, "localhost:8788", key, runtime.Wall(),
                "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER");
    const std::string_view authorization = request.headers.Get("authorization");
    std::string previous(authorization.substr(authorization.rfind('=') + 1));
    const std::string date = AmzDate(runtime.Wall());
    const auto sign = [&](const char* algorithm, const std::string& hashes) {
      previous = SigV4PartSignature(key, date, algorithm, previous, hashes);
      return previous;
    };
    const std::string empty = Sha256Hex("");
    std::string framed = "b;chunk-signature=";  // in this order: each signs the one before
    framed += sign("AWS4-HMAC-SHA256-PAYLOAD", empty + "\n" + Sha256Hex("hello world"));
    framed += "\r\nhello world\r\n0;chunk-signature=";
    framed += sign("AWS4-HMAC-SHA256-PAYLOAD", empty + "\n" + empty);
    const std::string trailer = "x-amz-checksum-crc32:DUoRhQ==";
    framed += "\r\n" + trailer + "\r\nx-amz-trailer-signature:" +
              sign("AWS4-HMAC-SHA256-TRAILER", Sha256Hex(trailer + "\n")) + "\r\n\r\n";
    if (spoiled) framed[framed.find("hello")] = 'j';
    request.body = Body(framed);
    return Send(request);
  };
  EXPECT_EQ(Element(send(true), "Code"), "SignatureDoesNotMatch");
  EXPECT_EQ(Call("GET", "/moltbot-data/k").status, 404);
  EXPECT_EQ(send(false).status, 200);
  EXPECT_EQ(Stored(), "hello world");
}

class R2Presigned : public R2Fake {
 protected:
  static constexpr std::int64_t kSignedAtMs = 1'772'600'767'000;  // 2026-03-04T05:06:07Z
  void SetUp() override { runtime.ShiftWall(kSignedAtMs - runtime.Wall().ms); }

  Request Presigned(std::string method, std::string target, const std::string& expires = "3600") {
    Request request;
    request.method = std::move(method);
    request.headers.Set("host", "localhost:8788");
    const std::string date = "20260304T050607Z";
    target += target.find('?') == std::string::npos ? "?" : "&";
    request.target =
        target +
        "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=" + credentials.s3_access_key_id +
        "%2F20260304%2Fauto%2Fs3%2Faws4_request&X-Amz-Date=" + date + "&X-Amz-Expires=" + expires +
        "&X-Amz-SignedHeaders=host";
    const SigV4Key key{credentials.s3_access_key_id, credentials.s3_secret_access_key};
    const std::string canonical =
        CanonicalRequest(request, "localhost:8788", {"host"}, "UNSIGNED-PAYLOAD");
    request.target += "&X-Amz-Signature=" + SigV4Signature(canonical, date, key);
    return request;
  }
};

// storage.md 4.3, vector B: computed with botocore.
TEST_F(R2Presigned, AgreesWithBotocore) {
  Call("PUT", "/my-bucket");
  Call("PUT", "/my-bucket/dir/k%20%C3%A9.txt", Body("hello world"));
  const Request request = Presigned("GET", "/my-bucket/dir/k%20%C3%A9.txt");
  EXPECT_NE(request.target.find(
                "X-Amz-Signature=f749dd8f4cb1e76c8aa92d551b8d381ba476161892254f1940de0b6aa47d6628"),
            std::string::npos)
      << request.target;
  EXPECT_EQ(Send(request).body.bytes(), "hello world");
}

TEST_F(R2Presigned, PutsAndHoldsForAsLongAsItSays) {
  Request put = Presigned("PUT", "/moltbot-data/k?x-amz-checksum-crc32=AAAAAA%3D%3D");
  put.body = Body("by a browser");
  EXPECT_EQ(Send(put).status, 200) << "a checksum in the address is not looked at";
  const Request get = Presigned("GET", "/moltbot-data/k", "60");
  runtime.ShiftWall(60'000);
  EXPECT_EQ(Send(get).body.bytes(), "by a browser");
  runtime.ShiftWall(1);
  const Response late = Send(get);
  EXPECT_EQ(late.status, 403);
  EXPECT_EQ(Element(late, "Code"), "ExpiredRequest");
  EXPECT_EQ(note.operation, "r2.refused");
}

TEST_F(R2Presigned, RefusesWhatIsWrongInItsOrder) {
  const auto message = [&](Request request) {
    return Element(Send(std::move(request)), "Message");
  };
  EXPECT_EQ(message(Presigned("GET", "/moltbot-data/k", "x")), "X-Amz-Expires should be a number");
  EXPECT_EQ(message(Presigned("GET", "/moltbot-data/k", "604801")).substr(0, 42),
            "X-Amz-Expires must be less than a week (in");
  EXPECT_EQ(message(Presigned("GET", "/moltbot-data/k", "0")), "Request has expired");
  EXPECT_EQ(message(Presigned("GET", "/moltbot-data/k", "-5")), "Request has expired");
  Request tampered = Presigned("GET", "/moltbot-data/k");
  tampered.target.replace(tampered.target.find("/k?"), 3, "/l?");
  EXPECT_EQ(Element(Send(tampered), "Code"), "SignatureDoesNotMatch");
  Request other_host = Presigned("GET", "/moltbot-data/k");
  other_host.headers.Set("host", "localhost:9999");
  EXPECT_EQ(Send(other_host).status, 403);
  Request missing;
  missing.target = "/moltbot-data/k?X-Amz-Credential=a&X-Amz-Algorithm=b&X-Amz-Date=c";
  EXPECT_EQ(message(missing),
            "Required search parameters X-Amz-Signature,  X-Amz-SignedHeaders,  X-Amz-Expires "
            "missing");
  missing.target += "&X-Amz-Signature=d&X-Amz-SignedHeaders=host";
  EXPECT_EQ(message(missing), "Required search parameter X-Amz-Expires missing");
}

}  // namespace
}  // namespace mg::fake
