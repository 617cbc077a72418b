#include "core/http/message.h"

#include <gtest/gtest.h>

#include <deque>

namespace mg {
namespace {

// Gives out its pieces one by one, then the end or an error.
class Pieces final : public BodyStream {
 public:
  explicit Pieces(std::deque<std::string> pieces, std::optional<Error> last = std::nullopt)
      : pieces_(std::move(pieces)), last_(std::move(last)) {}
  Result<std::string> Next(Instant) override {
    if (pieces_.empty()) {
      if (last_) return *last_;
      return std::string();
    }
    std::string piece = std::move(pieces_.front());
    pieces_.pop_front();
    return piece;
  }

 private:
  std::deque<std::string> pieces_;
  std::optional<Error> last_;
};

Body Streamed(std::deque<std::string> pieces, std::optional<Error> last = std::nullopt) {
  return Body(std::make_shared<Pieces>(std::move(pieces), std::move(last)));
}

TEST(Body, KnowsItsLengthUnlessItIsAStreamWithoutOne) {
  EXPECT_EQ(Body().length(), 0u);
  EXPECT_EQ(Body("four").length(), 4u);
  EXPECT_EQ(Streamed({"a"}).length(), std::nullopt);
  EXPECT_EQ(Body(std::make_shared<Pieces>(std::deque<std::string>{"abc"}), 3).length(), 3u);
}

TEST(Body, BuffersAStreamIntoBytes) {
  Body body = Streamed({"ab", "c", "def"});
  ASSERT_TRUE(body.Buffer(6, kNever).ok());
  EXPECT_FALSE(body.is_stream());
  EXPECT_EQ(body.bytes(), "abcdef");
  EXPECT_EQ(body.length(), 6u);
}

TEST(Body, RefusesToBufferMoreThanTheLimit) {
  Body body = Streamed({"ab", "c", "def"});
  const Status status = body.Buffer(5, kNever);
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().code, Code::kExhausted);
  EXPECT_EQ(body.bytes(), "");
}

TEST(Body, RefusesAKnownLengthOverTheLimitWithoutReading) {
  auto stream = std::make_shared<Pieces>(std::deque<std::string>{"abc"});
  Body body(stream, 3);
  EXPECT_EQ(body.Buffer(2, kNever).error().code, Code::kExhausted);
  EXPECT_EQ(*stream->Next(kNever), "abc");
}

TEST(Body, HoldsBytesToTheSameLimit) {
  Body body("abc");
  EXPECT_TRUE(body.Buffer(3, kNever).ok());
  EXPECT_EQ(body.Buffer(2, kNever).error().code, Code::kExhausted);
  EXPECT_EQ(body.bytes(), "abc");
}

TEST(Body, PassesOnTheErrorOfItsStream) {
  Body body = Streamed({"ab"}, Error{Code::kUnknownOutcome, "cut", false});
  const Status status = body.Buffer(100, kNever);
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().code, Code::kUnknownOutcome);
  EXPECT_EQ(body.bytes(), "");
}

TEST(Request, SplitsItsTargetAtTheFirstQuestionMark) {
  Request request;
  request.target = "/a%2Fb?x=1?y";
  EXPECT_EQ(request.Path(), "/a%2Fb");
  EXPECT_EQ(request.Query(), "x=1?y");
  request.target = "/a";
  EXPECT_EQ(request.Path(), "/a");
  EXPECT_EQ(request.Query(), "");
  request.target = "/a?";
  EXPECT_EQ(request.Path(), "/a");
  EXPECT_EQ(request.Query(), "");
}

TEST(Response, IsMadeOfTextOrJson) {
  const Response text = TextResponse(404, "gone");
  EXPECT_EQ(text.status, 404);
  EXPECT_EQ(text.body.bytes(), "gone");
  EXPECT_EQ(text.headers.Get("content-type"), "text/plain; charset=utf-8");
  EXPECT_EQ(JsonResponse(200, "{}").headers.Get("content-type"), "application/json");
}

TEST(ReasonPhrase, KnowsOurStatusesAndNamesNoOther) {
  EXPECT_EQ(ReasonPhrase(100), "Continue");
  EXPECT_EQ(ReasonPhrase(200), "OK");
  EXPECT_EQ(ReasonPhrase(431), "Request Header Fields Too Large");
  EXPECT_EQ(ReasonPhrase(507), "Insufficient Storage");
  EXPECT_EQ(ReasonPhrase(299), "Unknown");
  EXPECT_EQ(ReasonPhrase(999), "Unknown");
}

TEST(QueryValue, DecodesFormsAndTakesTheFirstOfAName) {
  EXPECT_EQ(QueryValue("a=1&b=x+y%2B&a=2", "a"), "1");
  EXPECT_EQ(QueryValue("a=1&b=x+y%2B&a=2", "b"), "x y+");
  EXPECT_EQ(QueryValue("k+1%3D=v=w", "k 1="), "v=w");
  EXPECT_EQ(QueryValue("flag&x=", "flag"), "");
  EXPECT_EQ(QueryValue("flag&x=", "x"), "");
}

TEST(QueryValue, IsNothingWhenAbsentOrBadlyEncoded) {
  EXPECT_EQ(QueryValue("", "a"), std::nullopt);
  EXPECT_EQ(QueryValue("aa=1&b", "a"), std::nullopt);
  EXPECT_EQ(QueryValue("a=%zz", "a"), std::nullopt);
  EXPECT_EQ(QueryValue("a=%2", "a"), std::nullopt);
  EXPECT_EQ(QueryValue("%zz=1&a=2", "a"), "2");
}

TEST(CookieValue, SplitsAsAccessClientsDo) {
  const Headers headers{{"Cookie", "a=1;  b=x=y ;c"}, {"cookie", "a=2; d="}};
  EXPECT_EQ(CookieValue(headers, "a"), "1");
  EXPECT_EQ(CookieValue(headers, "b"), "x=y");
  EXPECT_EQ(CookieValue(headers, "d"), "");
  EXPECT_EQ(CookieValue(headers, "c"), std::nullopt);
  EXPECT_EQ(CookieValue(headers, "A"), std::nullopt);
  EXPECT_EQ(CookieValue(Headers(), "a"), std::nullopt);
}

}  // namespace
}  // namespace mg
