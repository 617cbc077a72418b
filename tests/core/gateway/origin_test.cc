#include "core/gateway/gates/origin.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace mg {
namespace {

struct Row {
  std::string label, method;
  Headers headers;
  bool foreign;
};

TEST(FromAnotherOrigin, IsWhatAPageOfThisHostCannotSend) {
  const std::vector<Row> rows = {
      {"a program", "POST", {}, false},
      {"own page", "POST", {{"origin", "http://admin.localhost:8787"}}, false},
      {"own page over TLS", "POST", {{"origin", "https://admin.localhost:8787"}}, false},
      {"own page, in capitals", "DELETE", {{"origin", "HTTP://Admin.LocalHost:8787"}}, false},
      {"another site", "POST", {{"origin", "https://evil.example"}}, true},
      {"a tenant's page", "POST", {{"origin", "http://acme.localhost:8787"}}, true},
      {"another port", "PUT", {{"origin", "http://admin.localhost:9999"}}, true},
      {"no port", "PUT", {{"origin", "http://admin.localhost"}}, true},
      {"begins like it", "PUT", {{"origin", "http://admin.localhost:8787.evil.example"}}, true},
      {"user in it", "PUT", {{"origin", "http://admin.localhost:8787@evil.example"}}, true},
      {"a sandboxed frame", "POST", {{"origin", "null"}}, true},
      {"empty", "POST", {{"origin", ""}}, true},
      {"another scheme", "POST", {{"origin", "ftp://admin.localhost:8787"}}, true},
      {"no scheme", "POST", {{"origin", "admin.localhost:8787"}}, true},
      {"two",
       "POST",
       {{"origin", "http://admin.localhost:8787"}, {"origin", "http://evil.example"}},
       true},
      {"says cross-site", "POST", {{"sec-fetch-site", "cross-site"}}, true},
      {"says same-site", "POST", {{"sec-fetch-site", "same-site"}}, true},
      {"says what nobody knows", "POST", {{"sec-fetch-site", "Same-Origin"}}, true},
      {"says same-origin", "POST", {{"sec-fetch-site", "same-origin"}}, false},
      {"says no page", "POST", {{"sec-fetch-site", "none"}}, false},
      {"says both",
       "POST",
       {{"sec-fetch-site", "same-origin"}, {"sec-fetch-site", "cross-site"}},
       true},
      {"they disagree",
       "POST",
       {{"sec-fetch-site", "same-origin"}, {"origin", "http://evil.example"}},
       true},
      {"a link", "GET", {{"sec-fetch-site", "cross-site"}}, false},
      {"a look from elsewhere", "HEAD", {{"origin", "http://evil.example"}}, false},
      {"a preflight", "OPTIONS", {{"origin", "http://evil.example"}}, true},
      {"a word in small letters", "get", {{"origin", "http://evil.example"}}, true},
      {"own WebSocket",
       "GET",
       {{"upgrade", "websocket"}, {"origin", "http://admin.localhost:8787"}},
       false},
      {"another page's WebSocket",
       "GET",
       {{"upgrade", "WebSocket"}, {"origin", "http://evil.example"}},
       true},
      {"hidden in a list",
       "GET",
       {{"upgrade", "h2c, websocket"}, {"origin", "http://evil.example"}},
       true},
      {"another upgrade", "GET", {{"upgrade", "h2c"}, {"origin", "http://evil.example"}}, false},
  };
  for (const Row& row : rows) {
    Request request;
    request.method = row.method;
    request.headers = row.headers;
    request.headers.Add("host", "admin.localhost:8787");
    EXPECT_EQ(FromAnotherOrigin(request), row.foreign) << row.label;
  }
}

}  // namespace
}  // namespace mg
