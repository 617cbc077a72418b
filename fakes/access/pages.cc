#include "fakes/access/pages.h"

#include "core/http/html.h"

namespace mg::fake {
namespace {

constexpr std::string_view kStyle =
    "body{font:16px/1.5 system-ui,sans-serif;max-width:26rem;margin:10vh auto;padding:0 1rem;"
    "color:#1b1b1f;background:#fff}h1{font-size:1.4rem}ul{list-style:none;padding:0}"
    "li{margin:.5rem 0}button,input{font:inherit;padding:.6rem .8rem;border:1px solid #767680;"
    "border-radius:.4rem;width:100%;box-sizing:border-box}button{cursor:pointer;background:#f2f2f7;"
    "color:inherit;text-align:left}label{display:block;margin:1.5rem 0 .4rem}"
    "form button[type=submit].go{margin-top:.6rem;background:#0b57d0;color:#fff;text-align:center}"
    "small{color:#55555f}"
    "@media(prefers-color-scheme:dark){body{color:#e6e6ea;background:#1b1b1f}"
    "button,input{background:#2a2a30;color:inherit}small{color:#a9a9b4}}";

Response Page(int status, std::string_view title, std::string_view body) {
  std::string html = "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>";
  html.append(EscapeHtml(title)).append("</title><meta name=\"viewport\" content=\"");
  html.append("width=device-width,initial-scale=1\"><style>").append(kStyle);
  html.append("</style></head><body><main>").append(body).append("</main></body></html>\n");
  Response response = TextResponse(status, std::move(html), "text/html; charset=utf-8");
  response.headers.Set("cache-control", "no-store");
  // No form-action: browsers apply it to the redirect to the application as well.
  response.headers.Set("content-security-policy",
                       "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; "
                       "frame-ancestors 'none'");
  return response;
}

}  // namespace

Response LoginPage(std::string_view application_host, const std::vector<std::string>& identities) {
  std::string body = "<h1>Sign in to " + EscapeHtml(application_host) + "</h1>";
  if (!identities.empty()) {
    body += "<form method=\"post\"><ul>";
    for (const std::string& identity : identities) {
      const std::string shown = EscapeHtml(identity);
      body.append("<li><button type=\"submit\" name=\"email\" value=\"").append(shown);
      body.append("\">").append(shown).append("</button></li>");
    }
    body += "</ul></form>";
  }
  body +=
      "<form method=\"post\"><label for=\"email\">Another email address</label>"
      "<input id=\"email\" name=\"email\" type=\"email\" required autocomplete=\"off\">"
      "<button class=\"go\" type=\"submit\">Sign in</button></form>"
      "<p><small>A local stand-in for Cloudflare Access: it asks for no password.</small></p>";
  return Page(200, "Sign in", body);
}

Response MessagePage(int status, std::string_view title, std::string_view text) {
  return Page(status, title, "<h1>" + EscapeHtml(title) + "</h1><p>" + EscapeHtml(text) + "</p>");
}

}  // namespace mg::fake
