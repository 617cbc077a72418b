#include "fakes/ai/model.h"

#include <algorithm>
#include <array>
#include <cstddef>

#include "fakes/ai/model_arithmetic.h"

namespace mg::fake {
namespace {

constexpr std::array<std::string_view, 4> kOpenings{
    "Here is what I can say to that.",
    "Thank you, that is a fair question.",
    "Let me answer as well as a built-in model can.",
    "I have read that with care.",
};
constexpr std::array<std::string_view, 4> kMiddles{
    "I run offline and know arithmetic alone, so this text stands in for a real model's.",
    "No model was called for this, and the same question always gets the same words.",
    "My answers are fixed in advance, which makes them easy to test against.",
    "What you get here is repeatable rather than clever.",
};
constexpr std::array<std::string_view, 4> kEndings{
    "Ask me for a sum and I will work it out.",
    "Connect a real gateway for a real answer.",
    "Try a question with numbers in it.",
    "That is all I have on the subject.",
};

bool IsWordByte(unsigned char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
bool IsVisibleByte(unsigned char c) {
  return c > ' ' && c != 0x7f;
}

// The end of the token or gap that begins at `at`; `is_token` says which. A character of several
// bytes is one token.
std::size_t PieceEnd(std::string_view text, std::size_t at, bool& is_token) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  is_token = IsVisibleByte(byte(at));
  std::size_t end = at + 1;
  if (IsWordByte(byte(at))) {
    while (end < text.size() && IsWordByte(byte(end))) ++end;
  } else if (byte(at) >= 0xc0) {
    while (end < text.size() && (byte(end) & 0xc0U) == 0x80U) ++end;
  }
  return end;
}

std::uint64_t Fnv1a(std::string_view text, std::uint64_t hash = 0xcbf29ce484222325ULL) {
  for (const char c : text) {
    hash ^= static_cast<unsigned char>(c);
    hash *= 0x100000001b3ULL;
  }
  return hash;
}

std::string StableText(std::string_view model, std::string_view message, std::int64_t seed) {
  const std::uint64_t salt = seed == 0 ? Fnv1a(model) : Fnv1a(std::to_string(seed), Fnv1a(model));
  const std::uint64_t hash = Fnv1a(message, salt);
  const auto pick = [&](const auto& lines, unsigned shift) {
    return std::string(lines[(hash >> shift) % lines.size()]);
  };
  return pick(kOpenings, 8) + " " + pick(kMiddles, 24) + " " + pick(kEndings, 40);
}

}  // namespace

std::int64_t CountTokens(std::string_view text) {
  std::int64_t count = 0;
  for (std::size_t at = 0; at < text.size();) {
    bool is_token = false;
    at = PieceEnd(text, at, is_token);
    if (is_token) ++count;
  }
  return count;
}

std::vector<std::string_view> TokenPieces(std::string_view text) {
  std::vector<std::string_view> pieces;
  std::size_t begin = 0;
  for (std::size_t at = 0; at < text.size();) {
    bool is_token = false;
    const std::size_t end = PieceEnd(text, at, is_token);
    if (is_token) {
      pieces.push_back(text.substr(begin, end - begin));
      begin = end;
    }
    at = end;
  }
  if (begin == text.size()) return pieces;
  if (pieces.empty()) return {text};
  const std::size_t last = text.size() - begin + pieces.back().size();
  pieces.back() = text.substr(text.size() - last);
  return pieces;
}

ModelAnswer AnswerPrompt(std::string_view model, std::string_view last_user_message,
                         std::int64_t max_tokens, std::int64_t seed) {
  const auto sum = AnswerArithmetic(last_user_message);
  ModelAnswer answer;
  const std::string whole = sum ? *sum : StableText(model, last_user_message, seed);
  std::size_t kept = 0;
  for (std::size_t at = 0; at < whole.size();) {
    bool is_token = false;
    const std::size_t end = PieceEnd(whole, at, is_token);
    if (is_token) {
      if (answer.tokens_out >= max_tokens) {
        answer.hit_token_limit = true;
        break;
      }
      ++answer.tokens_out;
      kept = end;
    }
    at = end;
  }
  answer.text = whole.substr(0, kept);
  return answer;
}

}  // namespace mg::fake
