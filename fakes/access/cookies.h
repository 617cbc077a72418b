// Access's cookies (wire/access-edge-sandbox.md 1.5): how they are set, and taken off a request.
//
// Thread-safety: pure functions.
#pragma once
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

#include "core/http/headers.h"

namespace mg::fake {

inline constexpr std::string_view kAuthorizationCookie = "CF_Authorization";
inline constexpr std::string_view kAppSessionCookie = "CF_AppSession";  // login CSRF, on the app
inline constexpr std::string_view kBindingCookie = "CF_Binding";
inline constexpr std::string_view kSessionCookie = "CF_Session";  // login CSRF, on the team's site

struct CookieFlags {
  bool secure = false;  // https alone; a browser refuses SameSite=None without it
  bool http_only = true;
  std::string path = "/";
  std::string same_site;          // "none", "lax", "strict"; empty: none with https, else lax
  std::int64_t expires_at_s = 0;  // 0: ends with the browser
};

std::string SetCookieText(std::string_view name, std::string_view value, const CookieFlags& flags);
std::string ClearCookieText(std::string_view name, const CookieFlags& flags);

// The request's other cookies stay as they are.
void RemoveCookies(Headers& headers, std::initializer_list<std::string_view> names);

}  // namespace mg::fake
