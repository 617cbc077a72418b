#include "core/gateway/pages.h"

#include "core/http/html.h"

namespace mg {
namespace {

constexpr std::string_view kPolicy =
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'";

constexpr std::string_view kStyle =
    "<style>body{font:16px/1.5 system-ui,sans-serif;margin:15vh auto;max-width:36rem;padding:0 "
    "1.5rem;"
    "color:#1c2430;background:#f7f8fa}h1{font-size:1.4rem}code{color:#5b6472}"
    "@media(prefers-color-scheme:dark){body{color:#e6e9ef;background:#14181f}}</style>";

Response Page(int status, std::string_view title, std::string_view head, std::string_view content) {
  std::string html =
      "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"viewport\" "
      "content=\"width=device-width\"><title>" +
      EscapeHtml(title) + "</title>";
  html += head;
  html += kStyle;
  html += "<main>";
  html += content;
  html += "</main></html>";
  Response response = TextResponse(status, std::move(html), "text/html; charset=utf-8");
  response.headers.Set("content-security-policy", kPolicy);
  response.headers.Set("x-frame-options", "DENY");  // for those that do not know frame-ancestors
  response.headers.Set("referrer-policy", "no-referrer");
  response.headers.Set("cache-control", "no-store");
  return response;
}

}  // namespace

Response ErrorPage(int status, std::string_view message, std::string_view code) {
  const std::string title = std::to_string(status) + " " + std::string(ReasonPhrase(status));
  return Page(status, title, "",
              "<h1>" + EscapeHtml(title) + "</h1><p>" + EscapeHtml(message) + "</p><p><code>" +
                  EscapeHtml(code) + "</code></p>");
}

Response LoadingPage(std::string_view state) {
  const std::string content =
      "<h1>Your agent is starting</h1><p>This page opens it as soon as it is ready.</p><p><code>" +
      EscapeHtml(state) + "</code></p>";
  return Page(200, "Starting", "<meta http-equiv=\"refresh\" content=\"2\">", content);
}

}  // namespace mg
