// The part of Cloudflare's Rules language that rate-limiting rules here may use: and/or/xor/not,
// parentheses, eq ne lt le gt ge contains in, starts_with, ends_with, lower, upper, len, any, all,
// over the fields of fields.h. What is not in it is refused by name, never guessed.
//
// Thread-safety: immutable. Total: text of at most kMaxExpressionBytes, nesting of at most
// kMaxExpressionDepth.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "fakes/edge/fields.h"

namespace mg::fake {

inline constexpr std::size_t kMaxExpressionBytes = 4096;  // Cloudflare's own limit
inline constexpr int kMaxExpressionDepth = 32;

class Expression {
 public:
  // Errors: kInvalid, saying what and where (byte, from 1).
  static Result<Expression> Parse(std::string_view text);

  bool Matches(const Traffic& traffic) const { return Holds(root_, traffic); }
  bool LooksAtResponse() const { return LooksAtResponse(root_); }

 private:
  friend class ExpressionParser;

  enum class Op { kIs, kEq, kNe, kLt, kLe, kGt, kGe, kContains, kIn, kStartsWith, kEndsWith };
  enum class Change { kLower, kUpper, kLength };
  struct Test {
    Field field;
    std::vector<Change> changes;  // innermost first
    int index = 0;                // of a keyed field; kEach: any or all of them
    bool all = false;
    Op op = Op::kIs;
    std::vector<std::string> texts;  // addresses and networks too
    std::vector<std::int64_t> numbers;
    bool number() const;
  };
  struct Node {
    enum class Kind { kTrue, kFalse, kNot, kAnd, kOr, kXor, kTest };
    Kind kind = Kind::kTrue;
    std::vector<Node> of;
    Test test;
  };
  static constexpr int kEach = -1;

  static bool Holds(const Node& node, const Traffic& traffic);
  static bool Holds(const Test& test, const Traffic& traffic);
  static bool Holds(const Test& test, std::string value);
  static bool LooksAtResponse(const Node& node);

  Node root_;
};

}  // namespace mg::fake
