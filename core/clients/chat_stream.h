// Reads along with a streamed chat answer: is it whole, what did it cost, did it fail on the way?
// Knows OpenAI's chunks and Workers AI's own frames (wire/ai-gateway.md 5.2, 5.3, 5.5, 8). The
// bytes themselves are the caller's to pass on.
//
// Total and bounded: a frame over 64 KiB, or one that is no JSON, says nothing.
// Thread-safety: none.
#pragma once
#include <optional>
#include <string_view>

#include "core/clients/chat_answer.h"
#include "core/http/sse.h"

namespace mg {

class ChatStreamReader {
 public:
  ChatStreamReader();
  ChatStreamReader(const ChatStreamReader&) = delete;
  ChatStreamReader& operator=(const ChatStreamReader&) = delete;

  void Feed(std::string_view bytes) { events_.Feed(bytes); }
  void End() { events_.End(); }

  bool any_frame() const { return any_frame_; }
  bool done() const { return done_; }  // [DONE] came: nothing of use follows
  // A finish_reason or [DONE]: without either, an end of the stream is a cut.
  bool finished() const { return finished_ || done_; }
  // The last counts that a frame had: some models repeat the sum on every chunk, some send zeros
  // first. Zeros never replace counts.
  std::optional<TokenCounts> usage() const;
  const std::optional<AiFailure>& failure() const { return failure_; }  // the first in-band error

 private:
  void ReadFrame(std::string_view data);
  void ReadUsageOf(const Json& frame);

  SseReader events_;
  bool any_frame_ = false;
  bool done_ = false;
  bool finished_ = false;
  UsagePart usage_;
  std::optional<AiFailure> failure_;
};

}  // namespace mg
