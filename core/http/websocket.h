// WebSocket framing (RFC 6455): the handshake's answer, frames as bytes, and messages out of them.
// Strict and total: no extensions, masks where the RFC wants them, control frames short and whole.
//
// Thread-safety: none; one reader per direction.
#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/result.h"

namespace mg::ws {

enum class Opcode : std::uint8_t {
  kContinuation = 0,
  kText = 1,
  kBinary = 2,
  kClose = 8,
  kPing = 9,
  kPong = 10,
};

struct Message {  // a whole text or binary message, or one control frame
  Opcode opcode = Opcode::kText;
  std::string payload;
};

// Close codes of RFC 6455 7.4.1.
inline constexpr int kNormalClose = 1000;
inline constexpr int kProtocolError = 1002;
inline constexpr int kNotUtf8 = 1007;
inline constexpr int kTooBig = 1009;

// Sec-WebSocket-Accept for a client's Sec-WebSocket-Key.
std::string AcceptKey(std::string_view key);

// One whole frame. A client gives four random bytes as `mask`; a server none.
std::string FrameBytes(Opcode opcode, std::string_view payload, std::string_view mask = "");
std::string ClosePayload(int code, std::string_view reason);  // the reason cut to 123 bytes

class MessageReader {
 public:
  // `masked`: what a server reads is, what a client reads is not.
  MessageReader(bool masked, std::size_t max_bytes) : masked_(masked), max_bytes_(max_bytes) {}

  void Feed(std::string_view bytes) { input_.append(bytes); }
  // The next message, nullopt while there is none. Errors: kCorrupt and kExhausted, after which
  // nothing more is read; close_code() says what to close with.
  Result<std::optional<Message>> Next();
  int close_code() const { return close_code_; }

 private:
  struct Head {
    bool final = false;
    Opcode opcode = Opcode::kText;
    std::size_t bytes = 0;  // of the head
    std::uint64_t payload = 0;
  };
  enum class Seen { kNotYet, kWhole, kWrong };
  Seen ReadHead(Head& head) const;
  bool Fits(const Head& head) const;
  std::string TakePayload(const Head& head);
  Error Refuse(int close_code, const char* why);

  const bool masked_;
  const std::size_t max_bytes_;
  std::string input_;
  std::optional<Message> partial_;  // a message whose last frame has not come
  int close_code_ = 0;
};

}  // namespace mg::ws
