// Serialisation: the codec writes the framing headers itself and refuses what could break them.
#include <array>
#include <charconv>

#include "core/base/bytes.h"
#include "core/http/wire.h"
#include "core/http/wire_chars.h"

namespace mg::wire {
namespace {

constexpr std::string_view kLineEnd = "\r\n";
constexpr std::size_t kTypicalHeadBytes = 512;

Error Invalid(std::string_view what) {
  return Error{Code::kInvalid, std::string(what)};
}

bool IsFramingName(std::string_view name) {
  return EqualsIgnoreCase(name, "host") || EqualsIgnoreCase(name, "connection") ||
         EqualsIgnoreCase(name, "content-length") || EqualsIgnoreCase(name, "transfer-encoding");
}

bool IsPlainTarget(std::string_view target, std::string_view method) {
  if (target == "*") return method == "OPTIONS";
  return !target.empty() && target.front() == '/' && AllAre(kTargetChar, target);
}

void AppendLine(std::string& text, std::string_view name, std::string_view value) {
  text += name;
  text += ": ";
  text += value;
  text += kLineEnd;
}

Status AppendHeaders(std::string& text, const Headers& headers) {
  for (const Headers::Line& line : headers.lines()) {
    if (IsFramingName(line.name)) continue;
    if (!IsToken(line.name)) return Invalid("a header name is not a token");
    if (!AllAre(kValueChar, line.value)) {
      return Invalid("header " + line.name + " holds a control byte");
    }
    AppendLine(text, line.name, line.value);
  }
  return Ok();
}

void AppendFraming(std::string& text, std::optional<std::uint64_t> length) {
  if (length) {
    AppendLine(text, "Content-Length", std::to_string(*length));
  } else {
    AppendLine(text, "Transfer-Encoding", "chunked");
  }
}

// An empty body needs words only where its absence would surprise (RFC 9110 8.6).
bool AnnouncesEmptyBody(std::string_view method) {
  return method == "POST" || method == "PUT" || method == "PATCH";
}

void AppendResponseFraming(std::string& text, const Response& response,
                           std::string_view request_method, bool http_1_0) {
  const int status = response.status;
  if (status < 200 || status == 204 || status == 304) return;
  const std::optional<std::uint64_t> length = response.body.length();
  if (request_method == "HEAD" && length == 0u) {
    const std::string_view told = response.headers.Get("content-length");
    if (ParseUint(told)) AppendLine(text, "Content-Length", told);
    return;
  }
  if (length || !http_1_0) AppendFraming(text, length);
}

void AppendResponseConnection(std::string& text, const Response& response, bool http_1_0,
                              bool keep_alive) {
  const bool upgrade = response.headers.Has("upgrade");
  std::string options = upgrade ? "Upgrade" : "";
  const bool closes = !keep_alive || (http_1_0 && !response.body.length());
  if (response.status != 101 && (closes || http_1_0)) {
    if (upgrade) options += ", ";
    options += closes ? "close" : "keep-alive";
  }
  if (!options.empty()) AppendLine(text, "Connection", options);
}

}  // namespace

Result<std::string> RequestHeadText(const Request& request, std::string_view host) {
  if (!IsToken(request.method)) return Invalid("the method is not a token");
  if (!IsPlainTarget(request.target, request.method)) return Invalid("the target is not a path");
  if (host.empty() || !AllAre(kTargetChar, host)) return Invalid("the host is malformed");
  std::string text;
  text.reserve(kTypicalHeadBytes);
  text += request.method;
  text += ' ';
  text += request.target;
  text += " HTTP/1.1\r\n";
  AppendLine(text, "Host", host);
  MG_RETURN_IF_ERROR(AppendHeaders(text, request.headers));
  if (request.headers.Has("upgrade")) AppendLine(text, "Connection", "Upgrade");
  const std::optional<std::uint64_t> length = request.body.length();
  if (length != 0u || AnnouncesEmptyBody(request.method)) AppendFraming(text, length);
  text += kLineEnd;
  return text;
}

Result<std::string> ResponseHeadText(const Response& response, std::string_view request_method,
                                     bool http_1_0, bool keep_alive) {
  if (response.status < 100 || response.status > 599) return Invalid("status is not 100 to 599");
  std::string text;
  text.reserve(kTypicalHeadBytes);
  text += "HTTP/1.1 ";
  text += std::to_string(response.status);
  text += ' ';
  text += ReasonPhrase(response.status);
  text += kLineEnd;
  MG_RETURN_IF_ERROR(AppendHeaders(text, response.headers));
  AppendResponseFraming(text, response, request_method, http_1_0);
  AppendResponseConnection(text, response, http_1_0, keep_alive);
  text += kLineEnd;
  return text;
}

std::string ChunkText(std::string_view bytes) {
  if (bytes.empty()) return {};  // a chunk of size 0 would end the body
  std::array<char, 2 * sizeof(std::size_t)> digits;
  const auto end =
      std::to_chars(digits.data(), digits.data() + digits.size(), bytes.size(), 16).ptr;
  std::string text(digits.data(), end);
  text.reserve(text.size() + bytes.size() + 2 * kLineEnd.size());
  text += kLineEnd;
  text += bytes;
  text += kLineEnd;
  return text;
}

}  // namespace mg::wire
