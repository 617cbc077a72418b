#include <gtest/gtest.h>

#include <functional>
#include <string>

#include "core/http/wire.h"

namespace mg::wire {
namespace {

class NoBytes final : public BodyStream {
 public:
  Result<std::string> Next(Instant) override { return std::string(); }
};

Body StreamOf(std::optional<std::uint64_t> length) {
  return Body(std::make_shared<NoBytes>(), length);
}

std::string TextOf(const Request& request) {
  return RequestHeadText(request, "a.example").value();
}

std::string TextOf(const Response& response, std::string_view method = "GET", bool http_1_0 = false,
                   bool keep_alive = true) {
  return ResponseHeadText(response, method, http_1_0, keep_alive).value();
}

Request MakeRequest(std::string method, Body body = {}) {
  Request request;
  request.method = std::move(method);
  request.body = std::move(body);
  return request;
}

Response MakeResponse(int status, Body body = {}) {
  Response response;
  response.status = status;
  response.body = std::move(body);
  return response;
}

TEST(RequestHeadText, PutsHostFirstAndThenTheHeaders) {
  Request request;
  request.target = "/a?b";
  request.headers = {{"Accept", "x"}, {"X-Id", "1"}};
  EXPECT_EQ(TextOf(request),
            "GET /a?b HTTP/1.1\r\nHost: a.example\r\nAccept: x\r\nX-Id: 1\r\n\r\n");
}

TEST(RequestHeadText, AnnouncesABodyByItsLengthOrInChunks) {
  const std::string line = " / HTTP/1.1\r\nHost: a.example\r\n";
  EXPECT_EQ(TextOf(MakeRequest("POST", "hello")), "POST" + line + "Content-Length: 5\r\n\r\n");
  EXPECT_EQ(TextOf(MakeRequest("DELETE", "hello")), "DELETE" + line + "Content-Length: 5\r\n\r\n");
  EXPECT_EQ(TextOf(MakeRequest("PUT", StreamOf(7))), "PUT" + line + "Content-Length: 7\r\n\r\n");
  EXPECT_EQ(TextOf(MakeRequest("PUT", StreamOf(std::nullopt))),
            "PUT" + line + "Transfer-Encoding: chunked\r\n\r\n");
}

TEST(RequestHeadText, AnnouncesAnEmptyBodyOnlyWhereOneIsExpected) {
  for (const char* method : {"POST", "PUT", "PATCH"}) {
    EXPECT_NE(TextOf(MakeRequest(method)).find("Content-Length: 0\r\n"), std::string::npos);
  }
  for (const char* method : {"GET", "HEAD", "DELETE", "OPTIONS"}) {
    EXPECT_EQ(TextOf(MakeRequest(method)).find("Content-Length"), std::string::npos);
  }
}

TEST(RequestHeadText, DropsFramingLinesOfTheCaller) {
  Request request = MakeRequest("POST", "hello");
  request.headers = {{"HOST", "evil"},
                     {"content-length", "999"},
                     {"Transfer-encoding", "chunked"},
                     {"Connection", "close"},
                     {"A", "b"}};
  EXPECT_EQ(TextOf(request),
            "POST / HTTP/1.1\r\nHost: a.example\r\nA: b\r\nContent-Length: 5\r\n\r\n");
}

TEST(RequestHeadText, KeepsAnUpgradeWhole) {
  Request request;
  request.headers = {{"Connection", "keep-alive, Upgrade"}, {"Upgrade", "websocket"}};
  EXPECT_EQ(TextOf(request),
            "GET / HTTP/1.1\r\nHost: a.example\r\nUpgrade: websocket\r\nConnection: "
            "Upgrade\r\n\r\n");
}

TEST(RequestHeadText, RefusesWhatCouldBreakTheFraming) {
  using Break = std::function<void(Request&, std::string&)>;
  const std::vector<Break> breaks = {
      [](Request& r, std::string&) { r.method = "GET /x HTTP/1.1\r\nA:"; },
      [](Request& r, std::string&) { r.method = ""; },
      [](Request& r, std::string&) { r.target = "/a b"; },
      [](Request& r, std::string&) { r.target = "/a\r\nB: c"; },
      [](Request& r, std::string&) { r.target = ""; },
      [](Request& r, std::string&) { r.target = "http://a.example/"; },
      [](Request& r, std::string&) { r.target = "*"; },
      [](Request& r, std::string&) { r.headers.Add("A", "b\r\nC: d"); },
      [](Request& r, std::string&) { r.headers.Add("A", "b\nc"); },
      [](Request& r, std::string&) { r.headers.Add("A", std::string_view("b\0c", 3)); },
      [](Request& r, std::string&) { r.headers.Add("A", "b\x7f"); },
      [](Request& r, std::string&) { r.headers.Add("A ", "b"); },
      [](Request& r, std::string&) { r.headers.Add("A:", "b"); },
      [](Request& r, std::string&) { r.headers.Add("", "b"); },
      [](Request&, std::string& host) { host = ""; },
      [](Request&, std::string& host) { host = "a\r\nB: c"; },
      [](Request&, std::string& host) { host = "a b"; },
  };
  for (std::size_t i = 0; i < breaks.size(); ++i) {
    Request request;
    std::string host = "a.example";
    ASSERT_TRUE(RequestHeadText(request, host).ok());
    breaks[i](request, host);
    const Result<std::string> text = RequestHeadText(request, host);
    ASSERT_FALSE(text.ok()) << i;
    EXPECT_EQ(text.error().code, Code::kInvalid) << i;
  }
}

TEST(RequestHeadText, ErrorsDoNotRepeatTheValue) {
  Request request;
  request.headers.Add("Authorization", "Bearer secret\n");
  const std::string message = RequestHeadText(request, "a").error().message;
  EXPECT_NE(message.find("Authorization"), std::string::npos);
  EXPECT_EQ(message.find("secret"), std::string::npos);
}

TEST(ResponseHeadText, StatesTheLengthOrChunks) {
  EXPECT_EQ(TextOf(MakeResponse(200, "hello")), "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n");
  EXPECT_EQ(TextOf(MakeResponse(404)), "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
  EXPECT_EQ(TextOf(MakeResponse(200, StreamOf(7))), "HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n");
  EXPECT_EQ(TextOf(MakeResponse(200, StreamOf(std::nullopt))),
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
}

TEST(ResponseHeadText, SaysWhatBecomesOfTheConnection) {
  const Response plain = MakeResponse(200);
  const std::string head = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n";
  EXPECT_EQ(TextOf(plain, "GET", false, true), head + "\r\n");
  EXPECT_EQ(TextOf(plain, "GET", false, false), head + "Connection: close\r\n\r\n");
  EXPECT_EQ(TextOf(plain, "GET", true, true), head + "Connection: keep-alive\r\n\r\n");
  EXPECT_EQ(TextOf(plain, "GET", true, false), head + "Connection: close\r\n\r\n");
}

TEST(ResponseHeadText, EndsAStreamOnHttp10WithTheConnection) {
  EXPECT_EQ(TextOf(MakeResponse(200, StreamOf(std::nullopt)), "GET", true, true),
            "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n");
}

TEST(ResponseHeadText, HasNoFramingWhereThereIsNoBody) {
  EXPECT_EQ(TextOf(MakeResponse(204)), "HTTP/1.1 204 No Content\r\n\r\n");
  EXPECT_EQ(TextOf(MakeResponse(304)), "HTTP/1.1 304 Not Modified\r\n\r\n");
  EXPECT_EQ(TextOf(MakeResponse(100)), "HTTP/1.1 100 Continue\r\n\r\n");
}

TEST(ResponseHeadText, TellsHeadTheLengthThatGetWouldHave) {
  EXPECT_EQ(TextOf(MakeResponse(200, "hello"), "HEAD"),
            "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n");
  Response object = MakeResponse(200);
  EXPECT_EQ(TextOf(object, "HEAD"), "HTTP/1.1 200 OK\r\n\r\n");
  object.headers.Add("content-length", "123");
  EXPECT_EQ(TextOf(object, "HEAD"), "HTTP/1.1 200 OK\r\nContent-Length: 123\r\n\r\n");
  object.headers.Set("content-length", "x");
  EXPECT_EQ(TextOf(object, "HEAD"), "HTTP/1.1 200 OK\r\n\r\n");
}

TEST(ResponseHeadText, NamesTheUpgradeInConnection) {
  Response switching = MakeResponse(101);
  switching.headers = {{"Upgrade", "websocket"}, {"Connection", "Upgrade"}};
  EXPECT_EQ(TextOf(switching),
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: "
            "Upgrade\r\n\r\n");
  EXPECT_EQ(TextOf(switching, "GET", false, false), TextOf(switching));
  Response required = MakeResponse(426);
  required.headers = {{"Upgrade", "websocket"}};
  EXPECT_EQ(TextOf(required, "GET", false, false),
            "HTTP/1.1 426 Upgrade Required\r\nUpgrade: websocket\r\nContent-Length: 0\r\n"
            "Connection: Upgrade, close\r\n\r\n");
}

TEST(ResponseHeadText, RefusesWhatCouldBreakTheFraming) {
  for (int status : {0, 99, 600, -1, 2000}) {
    EXPECT_EQ(ResponseHeadText(MakeResponse(status), "GET", false, true).error().code,
              Code::kInvalid);
  }
  Response response = MakeResponse(302);
  response.headers.Add("Location", "/a\r\nSet-Cookie: b");
  EXPECT_EQ(ResponseHeadText(response, "GET", false, true).error().code, Code::kInvalid);
}

TEST(ChunkText, WritesHexadecimalSizesAndNeverTheLastChunk) {
  EXPECT_EQ(ChunkText("hello"), "5\r\nhello\r\n");
  EXPECT_EQ(ChunkText(std::string(26, 'x')), "1a\r\n" + std::string(26, 'x') + "\r\n");
  EXPECT_EQ(ChunkText(""), "");
}

TEST(RoundTrip, ARequestComesBackAsItWas) {
  for (const char* method : {"GET", "POST", "DELETE", "PATCH"}) {
    for (const char* bytes : {"", "hello"}) {
      Request request = MakeRequest(method, bytes);
      request.target = "/v1/a%20b?x=1&y=\"";
      request.headers = {{"X-Tab", "a\tb"}, {"X-High", "\xc3\xbc"}, {"X-Empty", ""}};
      const std::string sent = TextOf(request) + request.body.bytes();
      RequestHead head;
      Refused refused;
      std::size_t consumed = 0;
      ASSERT_EQ(ParseRequestHead(sent, Limits{}, head, consumed, refused), Progress::kDone);
      EXPECT_EQ(head.request.method, method);
      EXPECT_EQ(head.request.target, request.target);
      for (const Headers::Line& line : request.headers.lines()) {
        EXPECT_EQ(head.request.headers.Get(line.name), line.value);
      }
      BodyDecoder decoder(head.framing, head.content_length);
      std::string body;
      EXPECT_EQ(consumed + decoder.Decode(std::string_view(sent).substr(consumed), body),
                sent.size());
      EXPECT_TRUE(decoder.done());
      EXPECT_EQ(body, bytes);
    }
  }
}

TEST(RoundTrip, AChunkedResponseComesBackAsItWas) {
  Response response = MakeResponse(200, StreamOf(std::nullopt));
  response.headers = {{"Content-Type", "text/event-stream"}};
  const std::string first(70'000, 'a');
  std::string sent = TextOf(response);
  sent += ChunkText(first) + ChunkText("b") + std::string(kLastChunk);
  ResponseHead head;
  Refused refused;
  std::size_t consumed = 0;
  ASSERT_EQ(ParseResponseHead(sent, "GET", Limits{}, head, consumed, refused), Progress::kDone);
  EXPECT_EQ(head.headers.Get("content-type"), "text/event-stream");
  BodyDecoder decoder(head.framing, head.content_length);
  std::string body;
  EXPECT_EQ(consumed + decoder.Decode(std::string_view(sent).substr(consumed), body), sent.size());
  EXPECT_TRUE(decoder.done());
  EXPECT_EQ(body, first + "b");
}

}  // namespace
}  // namespace mg::wire
