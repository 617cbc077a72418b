#include "fakes/ai/model.h"

#include <gtest/gtest.h>

#include "tests/support/fixed_random.h"

namespace mg::fake {
namespace {

constexpr const char* kModel = "@cf/meta/llama-3.1-8b-instruct-fp8-fast";

std::string Answer(std::string_view question) {
  return AnswerPrompt(kModel, question, 256).text;
}

TEST(BuiltInModel, AnswersArithmeticTruly) {
  const struct {
    const char* question;
    const char* answer;
  } cases[] = {
      {"2+2", "2 + 2 = 4"},
      {"What is 17 * 23?", "17 * 23 = 391"},
      {"(3+4)*5", "(3 + 4) * 5 = 35"},
      {"What is 3+4*5, please?", "3 + 4 * 5 = 23"},
      {"2 plus 2", "2 + 2 = 4"},
      {"What is two plus two?", "2 + 2 = 4"},
      {"ten minus 12", "10 - 12 = -2"},
      {"6 times 7", "6 * 7 = 42"},
      {"6 multiplied by 7", "6 * 7 = 42"},
      {"17 divided by 5", "17 / 5 = 3.4"},
      {"3x4", "3 * 4 = 12"},
      {"3 x 4", "3 * 4 = 12"},
      {"8 \xc3\x97 2 \xc3\xb7 4", "8 * 2 / 4 = 4"},
      {"10/3", "10 / 3 = 3.333333..."},
      {"-1/3", "-1 / 3 = -0.333333..."},
      {"1/3*3", "1 / 3 * 3 = 1"},
      {"-(2+3)*-4", "-(2 + 3) * -4 = 20"},
      {"1/64", "1 / 64 = 0.015625"},
      {"9223372036854775807 - 1", "9223372036854775807 - 1 = 9223372036854775806"},
  };
  for (const auto& c : cases) EXPECT_EQ(Answer(c.question), c.answer) << c.question;
}

TEST(BuiltInModel, SaysSoWhenASumIsTooLargeOrDividesByZero) {
  EXPECT_EQ(Answer("9223372036854775807 * 2"),
            "That is too large a number for me to work out exactly.");
  EXPECT_EQ(Answer("9223372036854775807 + 1"),
            "That is too large a number for me to work out exactly.");
  EXPECT_EQ(Answer("1/9223372036854775807"),
            "That is too large a number for me to work out exactly.");
  EXPECT_EQ(Answer("1/(2-2)"), "Nothing can be divided by zero.");
}

TEST(BuiltInModel, NeverAnswersAPartOfWhatWasAsked) {
  for (const char* question :
       {"1.5 + 2", "1,000 + 1", "1.5 + 2 + 3", ".5 + 2 + 3", "2^3 + 1", "y + 2 + 3", "2 + 3y",
        "twenty-one plus two", "one hundred plus 2 + 2", "10:30 - 9:15", "12345678901234567890 + 1",
        "2 ** 3", "(2+3", "2+3)", "hello", "", "42", "-5", "+ 2 + 2"}) {
    EXPECT_EQ(Answer(question).find('='), std::string::npos) << question;
    EXPECT_FALSE(Answer(question).empty()) << question;
  }
}

TEST(BuiltInModel, GivesTheSameTextToTheSamePromptAndRepeatsNoneOfIt) {
  EXPECT_EQ(Answer("Tell me about secretword"), Answer("Tell me about secretword"));
  EXPECT_EQ(Answer("Tell me about secretword").find("secretword"), std::string::npos);
  int different = 0;
  for (int i = 0; i < 20; ++i)
    different += Answer("subject " + std::string(1, static_cast<char>('a' + i)) + "!") !=
                 Answer("subject a!");
  EXPECT_GT(different, 10);
}

TEST(BuiltInModel, StopsAtTheTokenLimitAndSaysSo) {
  const ModelAnswer whole = AnswerPrompt(kModel, "Tell me a story", 256);
  EXPECT_FALSE(whole.hit_token_limit);
  EXPECT_EQ(whole.tokens_out, CountTokens(whole.text));
  const ModelAnswer cut = AnswerPrompt(kModel, "Tell me a story", 3);
  EXPECT_TRUE(cut.hit_token_limit);
  EXPECT_EQ(cut.tokens_out, 3);
  EXPECT_EQ(CountTokens(cut.text), 3);
  EXPECT_EQ(whole.text.substr(0, cut.text.size()), cut.text);
  EXPECT_FALSE(AnswerPrompt(kModel, "2+2", 5).hit_token_limit);
  EXPECT_TRUE(AnswerPrompt(kModel, "2+2", 4).hit_token_limit);
}

TEST(BuiltInModel, CountsARunOfLettersOrOneVisibleCharacterAsAToken) {
  EXPECT_EQ(CountTokens(""), 0);
  EXPECT_EQ(CountTokens(" \t\n"), 0);
  EXPECT_EQ(CountTokens("What is 2+2?"), 6);
  EXPECT_EQ(CountTokens("h\xc3\xa9llo"), 3);
  EXPECT_EQ(CountTokens("\xe4\xbd\xa0\xe5\xa5\xbd"), 2);
  EXPECT_EQ(CountTokens("\x80\xff"), 2);
}

TEST(BuiltInModel, SurvivesAnyBytes) {
  test::FixedRandom random(7);
  constexpr std::string_view kAlphabet = "0123456789+-*/() .,xX^%=ab\xc3\x97\xb7\xff";
  for (int round = 0; round < 3000; ++round) {
    std::string text;
    for (std::uint64_t n = random.Below(40); n > 0; --n)
      text += kAlphabet[random.Below(kAlphabet.size())];
    const ModelAnswer answer = AnswerPrompt(kModel, text, 256);
    EXPECT_EQ(answer.tokens_out, CountTokens(answer.text));
  }
  EXPECT_FALSE(Answer(std::string(100'000, '(') + "1").empty());
  EXPECT_FALSE(Answer(std::string(100'000, '-') + "1").empty());
}

}  // namespace
}  // namespace mg::fake
