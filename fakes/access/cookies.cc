#include "fakes/access/cookies.h"

#include <algorithm>

#include "core/base/bytes.h"
#include "core/base/time_text.h"

namespace mg::fake {
namespace {

std::string SameSite(const CookieFlags& flags) {
  if (flags.same_site == "strict") return "Strict";
  if (flags.same_site == "lax" || !flags.secure) return "Lax";
  return "None";
}

}  // namespace

std::string SetCookieText(std::string_view name, std::string_view value, const CookieFlags& flags) {
  std::string text(name);
  text.append("=").append(value).append("; Path=").append(flags.path);
  if (flags.http_only) text += "; HttpOnly";
  text += "; SameSite=" + SameSite(flags);
  if (flags.secure) text += "; Secure";
  if (flags.expires_at_s > 0) text += "; Expires=" + HttpDate(flags.expires_at_s);
  return text;
}

std::string ClearCookieText(std::string_view name, const CookieFlags& flags) {
  return SetCookieText(name, "", flags) + "; Max-Age=0";
}

void RemoveCookies(Headers& headers, std::initializer_list<std::string_view> names) {
  std::vector<std::string> kept;
  for (const std::string_view line : headers.GetAll("cookie")) {
    std::string rest;
    for (const std::string_view pair : Split(line, ';')) {
      const std::string_view trimmed = TrimSpace(pair);
      const std::string_view name = trimmed.substr(0, trimmed.find('='));
      if (trimmed.empty() || std::find(names.begin(), names.end(), name) != names.end()) continue;
      rest.append(rest.empty() ? "" : "; ").append(trimmed);
    }
    if (!rest.empty()) kept.push_back(std::move(rest));
  }
  headers.Remove("cookie");
  for (const std::string& line : kept) headers.Add("cookie", line);
}

}  // namespace mg::fake
