// The matchers: objects with one key that begins with '$'.
#pragma once
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/json_fwd.h"
#include "core/base/jsonc.h"
#include "scenarios/run/match.h"

namespace mg::scenario {

class Matching {
 public:
  Matching(const Variables& variables, Nanos lateness, std::size_t limit);

  void Compare(const JsoncNode& expected, const Json* actual, const std::string& path);
  bool Equal(const JsoncNode& expected, const Json* actual) const;
  std::vector<Difference> Take() { return std::move(differences_); }

  void Differ(const JsoncNode& expected, const std::string& path, std::string wanted,
              std::string actual);
  std::string ShownNode(const JsoncNode& node) const;
  const Variables& variables() const { return variables_; }
  // Durations that are as they should be, but for the lateness of a target in real time.
  bool IsInTime(const Json& expected, const Json& actual) const;

 private:
  void CompareObject(const JsoncNode& expected, const Json& actual, const std::string& path);
  void CompareArray(const JsoncNode& expected, const Json& actual, const std::string& path);
  void CompareWithMatcher(const JsoncNode& expected, const Json* actual, const std::string& path);

  const Variables& variables_;
  const Nanos lateness_;
  const std::size_t limit_;
  std::vector<Difference> differences_;
};

std::vector<std::string> MatcherNames();  // "$gt", ...

// '*' stands for any run of characters, '?' for one.
bool MatchesWildcard(std::string_view pattern, std::string_view text);

}  // namespace mg::scenario
