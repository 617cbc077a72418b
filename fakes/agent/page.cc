#include "fakes/agent/page.h"

#include "core/base/bytes.h"
#include "core/base/digest.h"
#include "core/http/html.h"

namespace mg::fake {
namespace {

constexpr std::string_view kScript = R"js(
const form = document.querySelector('form');
const log = document.querySelector('ol');
function line(who, text) {
  const item = document.createElement('li');
  const name = document.createElement('b');
  name.textContent = who + ' ';
  item.append(name, text);
  log.append(item);
  item.scrollIntoView();
}
form.addEventListener('submit', async (event) => {
  event.preventDefault();
  const message = form.message.value.trim();
  if (!message) return;
  form.message.value = '';
  line('You', message);
  try {
    const answer = await fetch('/chat', {
      method: 'POST',
      headers: {'Content-Type': 'application/json'},
      body: JSON.stringify({message}),
    });
    const body = await answer.json();
    line(answer.ok ? 'Agent' : 'Error', answer.ok ? body.reply : body.error);
  } catch (error) {
    line('Error', String(error));
  }
});
)js";

constexpr std::string_view kStyle =
    "body{font:16px/1.5 system-ui,sans-serif;margin:8vh auto;max-width:40rem;padding:0 "
    "1.5rem;color:#1c2430;"
    "background:#f7f8fa}ol{list-style:none;padding:0}li{margin:.4rem "
    "0;overflow-wrap:anywhere}form{display:flex;gap:.5rem}"
    "input{flex:1;font:inherit;padding:.5rem}button{font:inherit;padding:.5rem 1rem}"
    "@media(prefers-color-scheme:dark){body{color:#e6e9ef;background:#14181f}}";

}  // namespace

Response AgentPage(std::string_view user, std::string_view host) {
  static const std::string policy =
      "default-src 'none'; connect-src 'self'; style-src 'unsafe-inline'; script-src 'sha256-" +
      Base64Encode(Sha256(kScript)) + "'; base-uri 'none'; frame-ancestors 'none'";
  std::string html =
      "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"viewport\" "
      "content=\"width=device-width\">"
      "<title>Agent</title><style>" +
      std::string(kStyle) + "</style><main><h1>Agent of " + EscapeHtml(host) +
      "</h1><p>Signed in as " + EscapeHtml(user) +
      ". <a href=\"/cdn-cgi/access/logout\">Sign out</a></p><ol aria-live=\"polite\"></ol>"
      "<form><input name=\"message\" aria-label=\"Message\" autocomplete=\"off\" autofocus "
      "placeholder=\"What is 17 + 25?\">"
      "<button>Send</button></form></main><script>" +
      std::string(kScript) + "</script></html>";
  Response response = TextResponse(200, std::move(html), "text/html; charset=utf-8");
  response.headers.Set("content-security-policy", policy);
  response.headers.Set("cache-control", "no-store");
  return response;
}

}  // namespace mg::fake
