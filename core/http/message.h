// Request and response as plain values. A body is bytes, or a stream that can be read once.
//
// Copying is cheap for streams (shared) and copies bytes. The framing headers (Content-Length,
// Transfer-Encoding, Connection) are the codec's business: a handler never sets them.
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "core/http/headers.h"
#include "core/ports/transport.h"

namespace mg {

class Body {
 public:
  Body() = default;
  Body(std::string bytes) : bytes_(std::move(bytes)) {}
  Body(const char* bytes) : bytes_(bytes) {}
  // `length` when it is known beforehand: sent as Content-Length, else chunked.
  explicit Body(std::shared_ptr<BodyStream> stream,
                std::optional<std::uint64_t> length = std::nullopt)
      : stream_(std::move(stream)), length_(length) {}

  bool is_stream() const { return stream_ != nullptr; }
  const std::string& bytes() const { return bytes_; }  // empty for a stream
  const std::shared_ptr<BodyStream>& stream() const { return stream_; }
  std::optional<std::uint64_t> length() const;  // bytes: always known

  // Reads a stream to its end and makes this body bytes.
  // Errors: kExhausted when it is longer than `limit` (what was read is dropped), else the stream's
  // own.
  Status Buffer(std::size_t limit, Instant deadline);

 private:
  std::string bytes_;
  std::shared_ptr<BodyStream> stream_;
  std::optional<std::uint64_t> length_;
};

struct Request {
  std::string method = "GET";
  std::string
      origin;  // outgoing: "http://127.0.0.1:8788" or "https://api.cloudflare.com"; incoming: empty
  std::string target = "/";  // origin-form, still percent-encoded: "/a%2Fb?x=1"
  Headers headers;
  Body body;

  std::string_view Path() const;   // target up to '?', still encoded
  std::string_view Query() const;  // after '?', without it
};

struct Response {
  int status = 200;
  Headers headers;
  Body body;
  // Set on 101: the server hands the connection's bytes to it after the head, and closes when it
  // returns.
  std::shared_ptr<class UpgradeHandler> upgrade;
  // Kept until the answer has left or is given up: what this request takes from others (LIM-8).
  std::shared_ptr<const void> held;
  // Only a fault's lever sets it: the server closes the connection without an answer.
  bool drop_connection = false;
};

struct Upgraded {
  Response response;
  std::unique_ptr<Duplex> duplex;  // null unless the status is 101
};

class UpgradeHandler {
 public:
  virtual ~UpgradeHandler() = default;
  virtual void Run(Duplex& client, CancelToken& caller_gone) = 0;
};

// Who is at the other end. Set by the listener, never from a header.
struct Peer {
  std::string address;            // "127.0.0.1", "::1"
  bool via_trusted_edge = false;  // LIM-5: then cf-connecting-ip counts
};

// What answers requests. Thread-safety: Handle is called from many tasks at once.
// `caller_gone` is cancelled when the client closes its connection.
class Handler {
 public:
  virtual ~Handler() = default;
  virtual Response Handle(Request& request, const Peer& peer, CancelToken& caller_gone) = 0;
};

Response TextResponse(int status, std::string text,
                      std::string_view content_type = "text/plain; charset=utf-8");
Response JsonResponse(int status, std::string json);  // content-type: application/json

std::string_view ReasonPhrase(int status);

// One value of a "a=1&b=2" text, form-decoded ('+' is a space); nullopt when absent or badly
// encoded.
std::optional<std::string> QueryValue(std::string_view query, std::string_view name);

// Splits cookies as Access clients do: on ';', trimmed, exact name, value after the first '='.
// nullopt when absent; the first one when there are several.
std::optional<std::string> CookieValue(const Headers& headers, std::string_view name);

}  // namespace mg
