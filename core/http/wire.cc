// Heads: what their lines mean together is judged once they are whole; wire_scanner.h reads them.
#include "core/http/wire.h"

#include "core/base/bytes.h"
#include "core/http/wire_scanner.h"

namespace mg::wire {
namespace {

constexpr std::string_view kHeadEnd = "\r\n\r\n";
constexpr std::size_t kTypicalLines = 16;

// What the lines say about the connection and the body, gathered while they are stored.
struct Facts {
  int hosts = 0;
  int lengths = 0;
  int codings = 0;
  bool close = false;
  bool keep_alive = false;
  bool expects_continue = false;
  std::string_view host;
  std::string_view length;
  std::string_view coding;

  void Note(std::string_view name, std::string_view value);
  void NoteConnection(std::string_view value);
};

void Facts::NoteConnection(std::string_view value) {
  while (true) {
    const std::size_t comma = value.find(',');
    const std::string_view option = TrimSpace(value.substr(0, comma));
    if (EqualsIgnoreCase(option, "close")) close = true;
    if (EqualsIgnoreCase(option, "keep-alive")) keep_alive = true;
    if (comma == std::string_view::npos) return;
    value.remove_prefix(comma + 1);
  }
}

void Facts::Note(std::string_view name, std::string_view value) {
  switch (name.size()) {  // most lines are none of these, and their length alone says so
    case 4:
      if (EqualsIgnoreCase(name, "host")) {
        ++hosts;
        host = value;
      }
      break;
    case 6:
      if (EqualsIgnoreCase(name, "expect") && EqualsIgnoreCase(value, "100-continue")) {
        expects_continue = true;
      }
      break;
    case 10:
      if (EqualsIgnoreCase(name, "connection")) NoteConnection(value);
      break;
    case 14:
      if (EqualsIgnoreCase(name, "content-length")) {
        ++lengths;
        length = value;
      }
      break;
    case 17:
      if (EqualsIgnoreCase(name, "transfer-encoding")) {
        ++codings;
        coding = value;
      }
      break;
    default:
      break;
  }
}

bool KeepsAlive(const Facts& facts, bool http_1_0) {
  return !facts.close && (!http_1_0 || facts.keep_alive);
}

// The framing that the length headers ask for; kNone without any.
std::optional<Refused> FramingOf(const Facts& facts, bool http_1_0, Framing& framing,
                                 std::uint64_t& content_length) {
  framing = Framing::kNone;
  content_length = 0;
  if (facts.codings > 0) {
    if (facts.lengths > 0) return Refused{400, "both Content-Length and Transfer-Encoding"};
    if (facts.codings > 1) return Refused{400, "more than one Transfer-Encoding"};
    if (http_1_0) return Refused{400, "Transfer-Encoding on HTTP/1.0"};
    if (!EqualsIgnoreCase(facts.coding, "chunked")) {
      return Refused{501, "Transfer-Encoding is not chunked"};
    }
    framing = Framing::kChunked;
  } else if (facts.lengths > 0) {
    if (facts.lengths > 1) return Refused{400, "more than one Content-Length"};
    const std::optional<std::uint64_t> length = ParseUint(facts.length);
    if (!length) return Refused{400, "malformed Content-Length"};
    framing = Framing::kLength;
    content_length = *length;
  }
  return std::nullopt;
}

// Rewrites an absolute-form target to its origin-form when it names the same host as Host.
std::optional<Refused> ToOriginForm(std::string_view method, const Facts& facts,
                                    std::string_view target, std::string& origin_form) {
  if (method == "CONNECT") return Refused{501, "CONNECT is not served"};
  if (target.front() == '/' || (target == "*" && method == "OPTIONS")) {
    origin_form = target;
    return std::nullopt;
  }
  const std::size_t colon = target.find("://");
  const std::string_view scheme = target.substr(0, colon);
  if (colon == std::string_view::npos ||
      !(EqualsIgnoreCase(scheme, "http") || EqualsIgnoreCase(scheme, "https"))) {
    return Refused{400, "target is neither a path nor a URL"};
  }
  target.remove_prefix(colon + 3);
  const std::size_t path = target.find_first_of("/?");
  const std::string_view authority = target.substr(0, path);
  if (authority.empty() || !EqualsIgnoreCase(authority, facts.host)) {
    return Refused{400, "target names another host than Host"};
  }
  target.remove_prefix(authority.size());
  origin_form.clear();
  if (target.empty() || target.front() == '?') origin_form = "/";
  origin_form += target;
  return std::nullopt;
}

std::optional<Refused> Judge(const Facts& facts, std::string_view target, RequestHead& head) {
  if (facts.hosts > 1) return Refused{400, "more than one Host"};
  if (facts.hosts == 0 && !head.http_1_0) return Refused{400, "no Host"};
  if (auto wrong = FramingOf(facts, head.http_1_0, head.framing, head.content_length)) {
    return wrong;
  }
  Request& request = head.request;
  if (auto wrong = ToOriginForm(request.method, facts, target, request.target)) return wrong;
  head.keep_alive = KeepsAlive(facts, head.http_1_0);
  const bool has_body = head.framing == Framing::kChunked || head.content_length > 0;
  head.expects_continue = facts.expects_continue && has_body && !head.http_1_0;
  return std::nullopt;
}

std::optional<Refused> Judge(const Facts& facts, std::string_view request_method, bool http_1_0,
                             ResponseHead& head) {
  if (auto wrong = FramingOf(facts, http_1_0, head.framing, head.content_length)) return wrong;
  const bool bodiless = request_method == "HEAD" || head.status < 200 || head.status == 204 ||
                        head.status == 304 || (request_method == "CONNECT" && head.status < 300);
  if (bodiless) {
    head.framing = Framing::kNone;
    head.content_length = 0;
  } else if (head.framing == Framing::kNone) {
    head.framing = Framing::kUntilClose;
  }
  head.keep_alive = KeepsAlive(facts, http_1_0) && head.framing != Framing::kUntilClose;
  return std::nullopt;
}

// Runs the lines of a head, keeping them only when the head may be whole: a slow sender's bytes are
// checked again and again, but cost no allocation until the last one has come.
Progress ReadLines(Scanner& scanner, std::string_view input, Headers& headers, Facts& facts) {
  const bool may_be_whole =
      input.ends_with(kHeadEnd) ||
      input.substr(scanner.consumed() - 2).find(kHeadEnd) != std::string_view::npos;
  if (!may_be_whole) return scanner.Lines([](std::string_view, std::string_view) {});
  headers.Reserve(kTypicalLines);
  return scanner.Lines([&](std::string_view name, std::string_view value) {
    headers.Add(name, value);
    facts.Note(name, value);
  });
}

Progress Verdict(std::optional<Refused> wrong, Refused& refused) {
  if (!wrong) return Progress::kDone;
  refused = std::move(*wrong);
  return Progress::kRefused;
}

}  // namespace

Progress ParseRequestHead(std::string_view input, const Limits& limits, RequestHead& head,
                          std::size_t& consumed, Refused& refused) {
  Scanner scanner(input, limits, refused);
  head = RequestHead();
  std::string_view method;
  std::string_view target;
  if (Progress p = scanner.RequestLine(method, target, head.http_1_0); p != Progress::kDone) {
    return p;
  }
  Facts facts;
  if (Progress p = ReadLines(scanner, input, head.request.headers, facts); p != Progress::kDone) {
    return p;
  }
  head.request.method = method;
  if (Progress p = Verdict(Judge(facts, target, head), refused); p != Progress::kDone) return p;
  consumed = scanner.consumed();
  return Progress::kDone;
}

Progress ParseResponseHead(std::string_view input, std::string_view request_method,
                           const Limits& limits, ResponseHead& head, std::size_t& consumed,
                           Refused& refused) {
  Scanner scanner(input, limits, refused);
  head = ResponseHead();
  bool http_1_0 = false;
  if (Progress p = scanner.StatusLine(head.status, http_1_0); p != Progress::kDone) return p;
  Facts facts;
  if (Progress p = ReadLines(scanner, input, head.headers, facts); p != Progress::kDone) return p;
  if (Progress p = Verdict(Judge(facts, request_method, http_1_0, head), refused);
      p != Progress::kDone) {
    return p;
  }
  consumed = scanner.consumed();
  return Progress::kDone;
}

}  // namespace mg::wire
