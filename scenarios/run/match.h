// Does a value match what a scenario expects of it? Objects match as subsets, arrays exactly, and
// an object with one key that begins with '$' is a matcher.
//
//   $gt $gte $lt $lte   numbers; durations ("5s") when the actual value is one
//   $ne value           anything else
//   $match "a*b?"       text by wildcard; $contains "part"; $lacks "part"
//   $any [..]           one of these matches; $all [..]  all of these do
//   $type "string"      string number integer boolean array object null
//   $len n or matcher   of a string, array or object
//   $absent true        there must be no such member
//   $approx {"of": 100, "within": 5}
//   $exact {..}         an object with these members and no others
//   $unordered [..]     an array with these items in any order
//   $items matcher      every item of an array matches
//   $has [..]           each of these matches some item of an array
#pragma once
#include <string>
#include <vector>

#include "core/base/json_fwd.h"
#include "core/base/jsonc.h"
#include "core/ports/runtime.h"
#include "scenarios/run/values.h"

namespace mg::scenario {

struct Difference {
  TextPosition at;        // of the expected value in the file
  std::size_t width = 1;  // of what stands there, for the caret line
  std::string path;       // "/json/usage/total_tokens"
  std::string expected;   // as JSON, cut when long
  std::string actual;     // as JSON, or "absent"
};

// Every difference, at most `limit`; empty when it matches. `path` begins the paths.
// A variable that is missing counts as a difference that says so. A duration that is expected, or
// the most that is, may be exceeded by `lateness`.
std::vector<Difference> Match(const JsoncNode& expected, const Json& actual,
                              const Variables& variables, Nanos lateness, std::string path = "",
                              std::size_t limit = 10);

// How many of the members of `expected` (an object) `actual` has as they should be: for the nearest
// row.
std::size_t MatchingMembers(const JsoncNode& expected, const Json& actual,
                            const Variables& variables);

// JSON on one line, long strings cut in the middle: for messages.
std::string Shown(const Json& value);

}  // namespace mg::scenario
