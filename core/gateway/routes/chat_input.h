// What a chat request must look like before a model is asked: the members that OpenAI's API knows,
// each of its type and range. Unknown members pass, and so does what only a model can judge.
#pragma once
#include <optional>
#include <string>

#include "core/base/json_fwd.h"

namespace mg {

struct InputProblem {
  std::string param;    // "messages[0].role", as OpenAI writes it
  std::string message;  // a sentence for the caller that names it
};

// `chat` is an object. The first problem, in the order of the request's own members where there are
// several of one kind.
std::optional<InputProblem> CheckChat(const Json& chat);

}  // namespace mg
