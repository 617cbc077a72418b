#include "fakes/edge/expression.h"

#include <gtest/gtest.h>

namespace mg::fake {
namespace {

class EdgeExpression : public testing::Test {
 protected:
  bool Holds(const std::string& text, const Response* response = nullptr) {
    const auto expression = Expression::Parse(text);
    EXPECT_TRUE(expression) << text << ": " << (expression ? "" : expression.error().message);
    return expression && expression->Matches({request, "acme.localhost", "198.51.100.7", "DE",
                                              "LOC", true, response});
  }
  static std::string ErrorOf(const std::string& text) {
    const auto expression = Expression::Parse(text);
    return expression ? "" : expression.error().message;
  }

  Request request = [] {
    Request made;
    made.method = "POST";
    made.target = "/v1/Chat?a=1&b=";
    made.headers = {{"x-key", "one"}, {"X-Key", "two"}, {"cookie", "s=5; t="}};
    return made;
  }();
};

TEST_F(EdgeExpression, ReadsFieldsAndCompares) {
  for (const char* text :
       {"true", "ssl", "http.request.method eq \"POST\"", "http.request.method != \"GET\"",
        "http.request.uri.path contains \"Chat\"", "http.request.uri eq \"/v1/Chat?a=1&b=\"",
        "lower(http.request.uri.path) == \"/v1/chat\"", "len(http.request.uri.query) eq 6",
        "starts_with(http.host, \"acme.\")", "ends_with(upper(http.host), \"HOST\")",
        "http.request.method in {\"PUT\" \"POST\"}", "ip.src in {10.0.0.0/8 198.51.100.0/24}",
        "ip.src eq 198.51.100.7", "ip.geoip.country eq \"DE\"",
        "http.request.headers[\"x-key\"][1] eq \"two\"",
        "any(http.request.headers[\"x-key\"][*] eq \"two\")",
        "all(len(http.request.headers[\"x-key\"][*]) eq 3)",
        "http.request.cookies[\"s\"][0] eq \"5\"", "http.request.uri.args[\"b\"][0] eq \"\""}) {
    EXPECT_TRUE(Holds(text)) << text;
  }
  for (const char* text :
       {"false", "ip.src eq 198.51.100.8", "http.request.headers[\"x-key\"][2] ne \"two\"",
        "http.request.headers[\"absent\"][0] eq \"\"",
        "any(http.request.uri.args[\"c\"][*] eq \"\")", "http.response.code eq 200"}) {
    EXPECT_FALSE(Holds(text)) << text;
  }
}

TEST_F(EdgeExpression, BindsNotThenAndThenXorThenOr) {
  EXPECT_TRUE(Holds("true or false and false"));
  EXPECT_FALSE(Holds("(true or false) and false"));
  EXPECT_TRUE(Holds("true xor false and false"));
  EXPECT_FALSE(Holds("true xor true"));
  EXPECT_TRUE(Holds("not false and true"));
  EXPECT_FALSE(Holds("!(false && true) ^^ true || false"));
}

TEST_F(EdgeExpression, LooksAtAnAnswerOnceThereIsOne) {
  Response response;
  response.status = 401;
  response.headers.Set("x-cost", "9");
  EXPECT_TRUE(Holds("http.response.code ge 400 and http.response.code lt 500", &response));
  EXPECT_TRUE(Holds("any(http.response.headers[\"x-cost\"][*] eq \"9\")", &response));
  EXPECT_TRUE(Expression::Parse("ssl or http.response.code eq 1")->LooksAtResponse());
  EXPECT_FALSE(Expression::Parse("ssl")->LooksAtResponse());
}

TEST_F(EdgeExpression, RefusesWhatItDoesNotKnowAndSaysWhere) {
  EXPECT_EQ(ErrorOf("tcp.port eq 1"), "this edge knows no field \"tcp.port\" at byte 1");
  EXPECT_EQ(ErrorOf("http.host matches \"x\""),
            "an operator is expected (eq ne lt le gt ge contains in) at byte 11");
  for (const char* text : {"",
                           "(true",
                           "true)",
                           "true true",
                           "not",
                           "http.host",
                           "http.host eq acme",
                           "http.host eq \"a",
                           "http.host eq \"\\n\"",
                           "http.host in {}",
                           "http.host in {\"a\"",
                           "ip.src eq \"1.2.3.4\"",
                           "ip.src in {300.0.0.1}",
                           "ip.src in {1.2.3.4/33}",
                           "ip.src gt 1",
                           "http.response.code eq \"200\"",
                           "http.request.headers[\"x\"] eq \"1\"",
                           "any(http.host eq \"a\")",
                           "len(http.host) contains \"1\"",
                           "lower(ip.src) eq \"1\"",
                           "http.request.headers[x][0] eq \"1\""}) {
    EXPECT_NE(ErrorOf(text), "") << text;
  }
}

TEST_F(EdgeExpression, HasBounds) {
  std::string deep(1000, '(');
  EXPECT_NE(ErrorOf(deep + "true"), "");
  EXPECT_NE(ErrorOf(std::string(5000, ' ') + "true"), "");
  std::string nots;
  for (int i = 0; i < 500; ++i) nots += "not ";
  EXPECT_NE(ErrorOf(nots + "true"), "");
}

}  // namespace
}  // namespace mg::fake
