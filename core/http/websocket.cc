#include "core/http/websocket.h"

#include <utility>

#include "core/base/bytes.h"
#include "core/base/digest.h"

namespace mg::ws {
namespace {

constexpr std::string_view kGuid = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
constexpr unsigned kFinalBit = 0x80;
constexpr unsigned kReservedBits = 0x70;
constexpr unsigned kMaskBit = 0x80;
constexpr std::size_t kMaskBytes = 4;
constexpr std::size_t kMaxControlBytes = 125;
constexpr std::size_t kMaxReasonBytes = kMaxControlBytes - 2;
constexpr std::uint64_t kTwoByteLength = 126;
constexpr std::uint64_t kEightByteLength = 127;

bool IsControl(Opcode opcode) {
  return static_cast<unsigned>(opcode) >= static_cast<unsigned>(Opcode::kClose);
}
bool IsKnown(unsigned opcode) {
  return opcode <= 2 || (opcode >= 8 && opcode <= 10);
}

char Byte(std::uint64_t value) {
  return static_cast<char>(value & 0xffU);
}

void ApplyMask(std::string_view mask, std::string& payload) {
  for (std::size_t i = 0; i < payload.size(); ++i)
    payload[i] = static_cast<char>(payload[i] ^ mask[i % kMaskBytes]);
}

}  // namespace

std::string AcceptKey(std::string_view key) {
  return Base64Encode(Sha1(std::string(key) + std::string(kGuid)));
}

std::string FrameBytes(Opcode opcode, std::string_view payload, std::string_view mask) {
  std::string frame(1, Byte(kFinalBit | static_cast<unsigned>(opcode)));
  const unsigned mask_bit = mask.empty() ? 0 : kMaskBit;
  const std::uint64_t size = payload.size();
  const int length_bytes = size < kTwoByteLength ? 0 : size <= 0xffff ? 2 : 8;
  const std::uint64_t marker = length_bytes == 0   ? size
                               : length_bytes == 2 ? kTwoByteLength
                                                   : kEightByteLength;
  frame += Byte(mask_bit | marker);
  for (int i = length_bytes - 1; i >= 0; --i) frame += Byte(size >> (8 * i));
  std::string masked(payload);
  if (!mask.empty()) ApplyMask(mask, masked);
  return frame + std::string(mask) + masked;
}

std::string ClosePayload(int code, std::string_view reason) {
  const auto wide = static_cast<std::uint64_t>(code);
  reason = reason.substr(0, kMaxReasonBytes);
  while (!IsValidUtf8(reason)) reason.remove_suffix(1);
  return std::string{Byte(wide >> 8), Byte(wide)} + std::string(reason);
}

Result<std::optional<Message>> MessageReader::Next() {
  for (;;) {
    if (close_code_ != 0) return Refuse(close_code_, "the stream of frames is broken");
    Head head;
    switch (ReadHead(head)) {
      case Seen::kWrong:
        return Refuse(kProtocolError, "a malformed frame");
      case Seen::kNotYet:
        return std::optional<Message>();
      case Seen::kWhole:
        break;
    }
    if (!Fits(head)) return Refuse(kTooBig, "a message that is too long");
    if (input_.size() - head.bytes < head.payload) return std::optional<Message>();
    if (IsControl(head.opcode)) return std::optional<Message>({head.opcode, TakePayload(head)});
    const bool continues = head.opcode == Opcode::kContinuation;
    if (continues != partial_.has_value())
      return Refuse(kProtocolError, "a frame out of its order");
    if (!partial_) partial_ = Message{head.opcode, ""};
    partial_->payload += TakePayload(head);
    if (!head.final) continue;
    Message whole = std::move(*partial_);
    partial_.reset();
    if (whole.opcode == Opcode::kText && !IsValidUtf8(whole.payload))
      return Refuse(kNotUtf8, "a text that is not UTF-8");
    return std::optional<Message>(std::move(whole));
  }
}

MessageReader::Seen MessageReader::ReadHead(Head& head) const {
  const auto at = [this](std::size_t i) { return static_cast<unsigned char>(input_[i]); };
  if (input_.size() < 2) return Seen::kNotYet;
  const unsigned opcode = at(0) & 0x0fU;
  if ((at(0) & kReservedBits) != 0 || !IsKnown(opcode)) return Seen::kWrong;
  if (((at(1) & kMaskBit) != 0) != masked_) return Seen::kWrong;
  head.final = (at(0) & kFinalBit) != 0;
  head.opcode = static_cast<Opcode>(opcode);
  head.payload = at(1) & 0x7fU;
  if (IsControl(head.opcode) && (!head.final || head.payload > kMaxControlBytes))
    return Seen::kWrong;
  const std::size_t length_bytes = head.payload == kTwoByteLength     ? 2
                                   : head.payload == kEightByteLength ? 8
                                                                      : 0;
  head.bytes = 2 + length_bytes + (masked_ ? kMaskBytes : 0);
  if (input_.size() < head.bytes) return Seen::kNotYet;
  if (length_bytes == 0) return Seen::kWhole;
  head.payload = 0;
  for (std::size_t i = 0; i < length_bytes; ++i) head.payload = head.payload << 8 | at(2 + i);
  const bool shortest = head.payload >= (length_bytes == 2 ? kTwoByteLength : 0x10000);
  return shortest && head.payload >> 63 == 0 ? Seen::kWhole : Seen::kWrong;
}

bool MessageReader::Fits(const Head& head) const {
  const std::size_t so_far = partial_ && !IsControl(head.opcode) ? partial_->payload.size() : 0;
  return head.payload <= max_bytes_ - so_far;
}

std::string MessageReader::TakePayload(const Head& head) {
  std::string payload = input_.substr(head.bytes, static_cast<std::size_t>(head.payload));
  if (masked_) ApplyMask(std::string_view(input_).substr(head.bytes - kMaskBytes), payload);
  input_.erase(0, head.bytes + payload.size());
  return payload;
}

Error MessageReader::Refuse(int close_code, const char* why) {
  close_code_ = close_code;
  input_.clear();
  return {close_code == kTooBig ? Code::kExhausted : Code::kCorrupt,
          std::string("WebSocket: ") + why, false};
}

}  // namespace mg::ws
