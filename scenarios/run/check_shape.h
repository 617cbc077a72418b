// Checks a node of a file against its shape: every problem, in the order of the file.
#pragma once
#include <string>
#include <vector>

#include "core/base/jsonc.h"
#include "scenarios/run/scenario.h"
#include "scenarios/run/shapes.h"

namespace mg::scenario {

class ShapeChecker {
 public:
  ShapeChecker(const std::string& path, std::vector<Problem>& problems)
      : path_(path), problems_(problems) {}

  // `what` names the node in messages: "\"count\"", "a step".
  void Check(const JsoncNode& node, const Shape& shape, const std::string& what);
  void Add(TextPosition at, std::string message) {
    problems_.push_back({path_, at, std::move(message)});
  }

 private:
  void CheckText(const JsoncNode& node, const Shape& shape, const std::string& what);
  void CheckNumber(const JsoncNode& node, const Shape& shape, const std::string& what);
  void CheckList(const JsoncNode& node, const Shape& shape, const std::string& what);
  void CheckMap(const JsoncNode& node, const Shape& shape, const std::string& what);
  void CheckObject(const JsoncNode& node, const Shape& shape, const std::string& what);
  void CheckEither(const JsoncNode& node, const Shape& shape, const std::string& what);
  void CheckMatchers(const JsoncNode& node);
  void Wrong(const JsoncNode& node, const std::string& what, const std::string& wanted);

  const std::string& path_;
  std::vector<Problem>& problems_;
};

// "; did you mean \"x\"?", or nothing.
std::string DidYouMean(std::string_view word, const std::vector<std::string>& known);

}  // namespace mg::scenario
