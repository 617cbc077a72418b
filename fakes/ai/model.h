// The built-in model: deterministic, offline. Answers small integer arithmetic truly, anything else
// with a stable text that depends on model and prompt alone. Token counts are honest: a token is a
// run of letters or digits, or one other visible character.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace mg::fake {

struct ToolCall {
  std::string id;  // empty: whoever writes it down makes one up
  std::string name;
  std::string arguments_json;  // an object
};

// What any model says.
struct ModelAnswer {
  std::string text;
  bool is_json = false;  // text is the value that JSON mode asked for
  std::vector<ToolCall> tool_calls;
  bool hit_token_limit = false;  // finish_reason "length"
  std::int64_t tokens_in = 0, tokens_out = 0;
};

// Text alone; tokens_in stays 0. Another `seed` gives other words to what is no sum.
ModelAnswer AnswerPrompt(std::string_view model, std::string_view last_user_message,
                         std::int64_t max_tokens, std::int64_t seed = 0);
std::int64_t CountTokens(std::string_view text);
// The text cut into its tokens, each with the white space before it, the last with what follows;
// together they are the text.
std::vector<std::string_view> TokenPieces(std::string_view text);

}  // namespace mg::fake
