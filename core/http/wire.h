// Our strict, incremental HTTP/1.1 codec: a pure function over bytes, used by server and client
// alike. Grammar and refusals: docs/adr/0002-http-codec.md; RFC 9110, RFC 9112, stricter where a
// proxy must be.
//
// Thread-safety: none; one object per connection. Total: any input ends in a result, memory is
// bounded by Limits.
#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/result.h"
#include "core/http/message.h"

namespace mg::wire {

struct Limits {
  std::size_t method_bytes = 32;
  std::size_t target_bytes = 16 * 1024;
  std::size_t header_lines = 100;
  std::size_t head_bytes = 64 * 1024;  // request or status line and headers together
  std::size_t chunk_extension_bytes = 256;
};

// Why a request was refused, with the status that says so. The connection closes after it.
struct Refused {
  int status = 400;
  std::string reason;
};

enum class Framing { kNone, kLength, kChunked, kUntilClose };

struct RequestHead {
  Request request;  // method, target (origin-form), headers; no body yet
  Framing framing = Framing::kNone;
  std::uint64_t content_length = 0;
  bool http_1_0 = false;
  bool keep_alive = true;
  bool expects_continue = false;
};

struct ResponseHead {
  int status = 0;
  Headers headers;
  Framing framing = Framing::kNone;
  std::uint64_t content_length = 0;
  bool keep_alive = true;
};

// The head at the front of `input`. `consumed` is set when a head is returned, blank line included.
// kMore: not whole yet (and not wrong so far). The caller appends and calls again; cost is linear
// in sum.
enum class Progress { kMore, kDone, kRefused };

Progress ParseRequestHead(std::string_view input, const Limits& limits, RequestHead& head,
                          std::size_t& consumed, Refused& refused);
// `request_method` decides framing (HEAD, CONNECT). Refused.status is meaningless here.
Progress ParseResponseHead(std::string_view input, std::string_view request_method,
                           const Limits& limits, ResponseHead& head, std::size_t& consumed,
                           Refused& refused);

// Decodes one body from the bytes after a head.
class BodyDecoder {
 public:
  BodyDecoder(Framing framing, std::uint64_t content_length, const Limits& limits = {});

  // Takes bytes from the front of `input`; appends decoded ones to `out`. Returns how many were
  // taken (all of them unless the body ended or is malformed).
  std::size_t Decode(std::string_view input, std::string& out);
  bool done() const { return state_ == State::kDone; }
  bool malformed() const { return state_ == State::kMalformed; }
  // The connection closed here. True when that ends the body whole; false when it was cut.
  bool EndOfInput() const;

 private:
  enum class State {
    kSize,
    kExtension,
    kSizeLf,
    kData,
    kDataCr,
    kDataLf,
    kTrailer,  // at the start of a line; what stands from here on is after the last chunk
    kTrailerName,
    kTrailerValue,
    kTrailerLf,
    kEndLf,
    kDone,
    kMalformed
  };
  std::size_t DecodeChunked(std::string_view input, std::string& out);
  std::size_t TakeData(std::string_view input, State after, std::string& out);
  State AfterChunkByte(char byte);
  State AfterTrailerByte(char byte);

  Framing framing_;
  State state_;
  std::uint64_t left_ = 0;  // bytes of this chunk, or of the whole body
  std::size_t digits_ = 0;
  std::size_t line_bytes_ = 0;     // of the extension being skipped
  std::size_t trailer_bytes_ = 0;  // of all trailer lines
  Limits limits_;
};

// Serialisation. Errors: kInvalid for a method, target, host, status, header name or value that
// could break the framing. Host, Content-Length, Transfer-Encoding and Connection lines among the
// headers are dropped, because the codec writes its own; a body of unknown length is sent chunked.
Result<std::string> RequestHeadText(const Request& request, std::string_view host);
// No framing headers on 1xx, 204 and 304. An answer to HEAD with an empty body keeps the handler's
// Content-Length. A body of unknown length is chunked, or ends with the connection on HTTP/1.0.
Result<std::string> ResponseHeadText(const Response& response, std::string_view request_method,
                                     bool http_1_0, bool keep_alive);
std::string ChunkText(std::string_view bytes);
inline constexpr std::string_view kLastChunk = "0\r\n\r\n";

}  // namespace mg::wire
