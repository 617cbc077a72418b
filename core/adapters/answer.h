// Writes one answer: head, body and framing, each piece of a stream as soon as it comes.
#pragma once
#include <string>
#include <string_view>

#include "core/adapters/caller_io.h"
#include "core/http/message.h"
#include "core/ports/runtime.h"

namespace mg {

// Why an answer was cut.
inline constexpr const char* kCallerHungUp = "the caller hung up";
inline constexpr const char* kCallerTakesNothing = "the caller takes no bytes";

struct AnswerTarget {
  CallerIo* io = nullptr;
  std::string_view method;  // of the request
  bool http_1_0 = false;
  Nanos patience{};  // how long the peer may take no bytes
};

struct Answered {
  enum class How {
    kWhole,
    kRest,  // the peer has no room for all of it: `rest` is still to be sent
    kCut,   // the peer must be able to see that it is not whole, so the connection is to close
  };
  How how = How::kWhole;
  std::string rest;
  std::string why_cut;  // for the log
};

// Waits for room only within a stream: the rest of an answer that is whole is handed back, so that
// who reads slowly holds no worker.
// Errors, with nothing written: kInvalid (a header that cannot be sent).
Result<Answered> WriteAnswer(const AnswerTarget& to, const Response& response, bool keep_alive,
                             const Runtime& runtime);

// Answers of the server itself: {"error": ..., "code": ...}.
Response ServerAnswer(int status, std::string_view sentence, std::string_view code);

}  // namespace mg
