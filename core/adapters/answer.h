// Writes one answer: head, body and framing, each piece of a stream as soon as it comes.
#pragma once
#include <string>
#include <string_view>

#include "core/http/message.h"
#include "core/ports/runtime.h"

namespace mg {

struct AnswerTarget {
  int fd = -1;
  std::string_view method;  // of the request
  bool http_1_0 = false;
  Nanos patience{};  // how long the peer may take no bytes
};

// kCut: the peer must be able to see that the answer is not whole, so the connection is to close.
enum class Answered { kWhole, kCut };

// Errors, with nothing written: kInvalid (a header that cannot be sent).
// `why_cut` says why, for the log.
Result<Answered> WriteAnswer(const AnswerTarget& to, const Response& response, bool keep_alive,
                             const Runtime& runtime, std::string& why_cut);

// Answers of the server itself: {"error": ..., "code": ...}.
Response ServerAnswer(int status, std::string_view sentence, std::string_view code);

// "Sun, 06 Nov 1994 08:49:37 GMT" (RFC 9110 5.6.7).
std::string HttpDate(std::int64_t epoch_seconds);

}  // namespace mg
