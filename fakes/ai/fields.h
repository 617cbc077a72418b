// Checks the bodies of AI Gateway's management API against tables of their members. What is wrong
// is said as the service says it: 400, one error of code 7001 for each, with the member's path.
#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/json_fwd.h"
#include "core/http/message.h"

namespace mg::fake {

struct AiField {
  enum class Kind { kBool, kWhole, kNumber, kText, kWord, kList, kObject };
  enum class Need { kRequired, kOptional };

  std::string_view name;
  Kind kind = Kind::kText;
  Need need = Need::kOptional;
  bool nullable = false;
  double least = 0;  // of a number; of a text its length, of a list its items
  double most = 1e15;
  std::string_view words = "";  // of kWord: "fixed|sliding"
};

struct AiFieldProblem {
  std::vector<std::string> path;  // below the body
  std::string message;
};

class AiFieldReader {
 public:
  // Copies the members that `fields` name from `body` to `into`, those that fit. Others in `body`
  // are dropped without a word.
  void Read(const Json& body, std::span<const AiField> fields, Json& into);

  void Enter(std::string_view name) { path_.emplace_back(name); }  // problems are below it now
  void Leave() { path_.pop_back(); }
  void Refuse(std::string_view member, std::string message);

  bool ok() const { return problems_.empty(); }
  const std::vector<AiFieldProblem>& problems() const { return problems_; }

 private:
  void Check(const Json& value, const AiField& field, Json& into);

  std::vector<std::string> path_;
  std::vector<AiFieldProblem> problems_;
};

bool IsOneOf(std::string_view words, std::string_view word);  // words: "a|b"
// "Expected 'a' | 'b', received 'c'" for a word that is not in "a|b".
std::string WrongWord(std::string_view words, const Json& received);

Response FieldProblems(const std::vector<AiFieldProblem>& problems);
Response FieldProblem(std::vector<std::string> path, std::string message);

}  // namespace mg::fake
