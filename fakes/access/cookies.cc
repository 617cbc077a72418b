#include "fakes/access/cookies.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <ctime>

#include "core/base/bytes.h"

namespace mg::fake {
namespace {

// "Sun, 06 Nov 1994 08:49:37 GMT"; strftime's names would follow the process's locale.
std::string CookieDate(std::int64_t epoch_seconds) {
  constexpr const char* kDays[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  constexpr const char* kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const auto seconds = static_cast<std::time_t>(epoch_seconds);
  std::tm utc{};
  ::gmtime_r(&seconds, &utc);
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), "%s, %02d %s %04d %02d:%02d:%02d GMT", kDays[utc.tm_wday],
                utc.tm_mday, kMonths[utc.tm_mon], utc.tm_year + 1900, utc.tm_hour, utc.tm_min,
                utc.tm_sec);
  return text.data();
}

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
  if (flags.expires_at_s > 0) text += "; Expires=" + CookieDate(flags.expires_at_s);
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
