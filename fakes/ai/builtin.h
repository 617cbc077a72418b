// The built-in model's answer to a question: text, a tool call, or JSON of a schema; the same for
// the same question. It calls a tool that it must call, or whose name the last message holds word
// for word (words of four letters or more).
#pragma once
#include <optional>
#include <string_view>

#include "fakes/ai/errors.h"
#include "fakes/ai/model.h"
#include "fakes/ai/question.h"

namespace mg::fake {

// Fills `answer`, or says why it cannot (5024).
std::optional<AiError> AnswerQuestion(std::string_view model, const ChatQuestion& question,
                                      ModelAnswer& answer);

}  // namespace mg::fake
