// JSON with comments and trailing commas, where every key and value knows its line and column, so
// that an error about a profile or a scenario can point at it. Duplicate keys are refused while
// parsing.
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/result.h"

namespace mg {

struct TextPosition {
  int line = 1;    // from 1
  int column = 1;  // from 1, in bytes
};

struct JsoncNode {
  enum class Kind { kNull, kBool, kNumber, kString, kArray, kObject };
  struct Member;

  Kind kind = Kind::kNull;
  TextPosition at;
  bool boolean = false;
  double number = 0;
  std::string text;  // a string's value, or a number as it was written
  std::vector<JsoncNode> items;
  std::vector<Member> members;

  const JsoncNode* Find(std::string_view key) const;  // nullptr when absent or not an object
};

struct JsoncNode::Member {
  std::string key;
  TextPosition at;
  JsoncNode value;
};

// Errors: kInvalid, message "file:line:column: what is wrong".
Result<JsoncNode> ParseJsonc(std::string_view text, std::string_view file_name);

// The candidate nearest to `word` by edit distance, or "" when none is near: for "did you mean".
std::string NearestWord(std::string_view word, const std::vector<std::string>& candidates);

}  // namespace mg
