// What a scenario file may hold: one table of keys and shapes, from which files are checked and the
// JSON Schema is written, so that the two cannot drift.
#pragma once
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace mg::scenario {

enum class Form {
  kAny,       // any value
  kExpected,  // any value, matchers included
  kText,
  kLines,     // a text, or an array of lines
  kScalar,    // text, number, true, false or null
  kDuration,  // "250ms"
  kOffset,    // a duration that may begin with '-'
  kTime,      // RFC 3339, UTC
  kWhole,     // a whole number from `least` to `most`
  kNumber,    // from `least` to `most`
  kBool,
  kWord,    // one of `words`
  kName,    // a text that `name` describes
  kList,    // an array of `item`, not empty unless `may_be_empty`
  kMap,     // an object of any keys (as `name` says), each value an `item`
  kObject,  // an object of `fields`
  kEither,  // the one of `either` whose JSON type fits
};

// Texts with a shape of their own.
enum class Name {
  kNone,
  kId,        // of a scenario
  kRule,      // "TEN-6"
  kVariable,  // "req_id"
  kSetting,   // "PUBLIC_RATE_LIMIT_MAX"
  kPath,      // begins with '/'
  kCapture,   // "json:/usage/total_tokens"
};
bool FitsName(Name name, std::string_view text);
std::string_view NamePattern(Name name);      // for the schema
std::string_view NameDescription(Name name);  // "a rule such as \"TEN-6\""

struct Field;

struct Shape {
  Form form = Form::kAny;
  Name name = Name::kNone;
  double least = 0, most = 0;
  bool may_be_empty = false;
  std::vector<std::string> words;
  std::shared_ptr<const Shape> item;
  std::vector<Field> fields;
  std::vector<Shape> either;
};

struct Field {
  std::string key;
  Shape shape;
  bool required = false;
  std::string about;  // one line, for editors
};

const Shape& ScenarioShape();                       // of a file
const Shape& IncludeShape();                        // of a file that others include
const Shape& SeedShape();                           // of `up --seed`
const Shape& StepShape();                           // of a step: every action and what goes with it
const Shape& ExpectShape(std::string_view action);  // of `expect` beside that action

// The keys that name an action.
const std::vector<std::string>& ActionWords();

}  // namespace mg::scenario
