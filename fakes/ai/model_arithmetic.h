// Small integer arithmetic found in a sentence: "What is 17 * 23?", "(3+4)*5", "2 plus 2".
#pragma once
#include <optional>
#include <string>
#include <string_view>

namespace mg::fake {

// The answer as a sentence ("17 * 23 = 391"), true to the last digit shown; nullopt when the text
// holds no expression of whole numbers with at least one operator. Total; bounded work and depth.
std::optional<std::string> AnswerArithmetic(std::string_view text);

}  // namespace mg::fake
