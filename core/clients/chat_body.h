// A chat request as text. Its members are cut out and put together again, never re-serialised, so
// that numbers, key order and escapes reach the model exactly as the caller wrote them.
#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "core/base/result.h"

namespace mg {

struct ChatBody {
  std::string rest;                       // every member but `model` and `stream`: "a":1,"b":2
  std::optional<std::string> model_json;  // the value of `model` as it was written; the last one
  bool stream = false;                    // the last `stream` is true
};

// Errors: kInvalid when the text is not one JSON object. Brackets, strings and separators are
// checked; that the scalars inside are good JSON is the caller's promise.
Result<ChatBody> ReadChatBody(std::string_view json);

// {"model":"...", "stream":true if so, and the rest}
std::string WithModel(const ChatBody& body, std::string_view model);

}  // namespace mg
