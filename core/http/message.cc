#include "core/http/message.h"

#include <algorithm>
#include <iterator>

#include "core/base/bytes.h"

namespace mg {
namespace {

// In ascending order.
struct Reason {
  int status;
  std::string_view phrase;
};

constexpr Reason kReasons[] = {
    {100, "Continue"},
    {101, "Switching Protocols"},
    {103, "Early Hints"},
    {200, "OK"},
    {201, "Created"},
    {202, "Accepted"},
    {204, "No Content"},
    {206, "Partial Content"},
    {301, "Moved Permanently"},
    {302, "Found"},
    {303, "See Other"},
    {304, "Not Modified"},
    {307, "Temporary Redirect"},
    {308, "Permanent Redirect"},
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {402, "Payment Required"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {406, "Not Acceptable"},
    {408, "Request Timeout"},
    {409, "Conflict"},
    {410, "Gone"},
    {411, "Length Required"},
    {412, "Precondition Failed"},
    {413, "Content Too Large"},
    {414, "URI Too Long"},
    {415, "Unsupported Media Type"},
    {416, "Range Not Satisfiable"},
    {417, "Expectation Failed"},
    {421, "Misdirected Request"},
    {422, "Unprocessable Content"},
    {424, "Failed Dependency"},
    {425, "Too Early"},
    {426, "Upgrade Required"},
    {428, "Precondition Required"},
    {429, "Too Many Requests"},
    {431, "Request Header Fields Too Large"},
    {499, "Client Closed Request"},
    {500, "Internal Server Error"},
    {501, "Not Implemented"},
    {502, "Bad Gateway"},
    {503, "Service Unavailable"},
    {504, "Gateway Timeout"},
    {505, "HTTP Version Not Supported"},
    {507, "Insufficient Storage"},
};

// application/x-www-form-urlencoded: a '+' stands for a space, and only then are '%xx' decoded.
std::optional<std::string> FormDecode(std::string_view text) {
  std::string spaced(text);
  std::replace(spaced.begin(), spaced.end(), '+', ' ');
  return PercentDecode(spaced);
}

Error BodyTooLong(std::size_t limit) {
  return Error{Code::kExhausted, "body is longer than " + std::to_string(limit) + " bytes"};
}

}  // namespace

std::optional<std::uint64_t> Body::length() const {
  if (is_stream()) return length_;
  return bytes_.size();
}

Status Body::Buffer(std::size_t limit, Instant deadline) {
  const std::optional<std::uint64_t> known = length();
  if (known && *known > limit) return BodyTooLong(limit);
  if (!is_stream()) return Ok();
  std::string collected;
  while (true) {
    MG_TRY(piece, stream_->Next(deadline));
    if (piece.empty()) break;
    if (piece.size() > limit - collected.size()) return BodyTooLong(limit);
    collected += piece;
  }
  *this = Body(std::move(collected));
  return Ok();
}

std::string_view Request::Path() const {
  return std::string_view(target).substr(0, target.find('?'));
}

std::string_view Request::Query() const {
  const std::size_t mark = target.find('?');
  if (mark == std::string::npos) return {};
  return std::string_view(target).substr(mark + 1);
}

Response TextResponse(int status, std::string text, std::string_view content_type) {
  Response response;
  response.status = status;
  response.headers.Add("content-type", content_type);
  response.body = Body(std::move(text));
  return response;
}

Response JsonResponse(int status, std::string json) {
  return TextResponse(status, std::move(json), "application/json");
}

std::string_view ReasonPhrase(int status) {
  const auto* found =
      std::lower_bound(std::begin(kReasons), std::end(kReasons), status,
                       [](const Reason& reason, int wanted) { return reason.status < wanted; });
  if (found == std::end(kReasons) || found->status != status) return "Unknown";
  return found->phrase;
}

std::optional<std::string> QueryValue(std::string_view query, std::string_view name) {
  for (std::string_view pair : Split(query, '&')) {
    const std::size_t equals = pair.find('=');
    if (FormDecode(pair.substr(0, equals)) != name) continue;
    if (equals == std::string_view::npos) return std::string();
    return FormDecode(pair.substr(equals + 1));
  }
  return std::nullopt;
}

std::optional<std::string> CookieValue(const Headers& headers, std::string_view name) {
  for (std::string_view line : headers.GetAll("cookie")) {
    for (std::string_view piece : Split(line, ';')) {
      const std::string_view cookie = TrimSpace(piece);
      const std::size_t equals = cookie.find('=');
      if (equals == std::string_view::npos || cookie.substr(0, equals) != name) continue;
      return std::string(cookie.substr(equals + 1));
    }
  }
  return std::nullopt;
}

}  // namespace mg
