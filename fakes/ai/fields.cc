#include "fakes/ai/fields.h"

#include <algorithm>
#include <utility>

#include "core/base/bytes.h"
#include "core/base/json.h"

namespace mg::fake {
namespace {

constexpr std::int64_t kInvalidCode = 7001;

std::string_view TypeWord(AiField::Kind kind) {
  switch (kind) {
    case AiField::Kind::kBool:
      return "boolean";
    case AiField::Kind::kWhole:
    case AiField::Kind::kNumber:
      return "number";
    case AiField::Kind::kText:
    case AiField::Kind::kWord:
      return "string";
    case AiField::Kind::kList:
      return "array";
    case AiField::Kind::kObject:
      return "object";
  }
  return "";
}

bool HasType(const Json& value, AiField::Kind kind) {
  switch (kind) {
    case AiField::Kind::kBool:
      return value.is_boolean();
    case AiField::Kind::kWhole:
    case AiField::Kind::kNumber:
      return value.is_number();
    case AiField::Kind::kText:
    case AiField::Kind::kWord:
      return value.is_string();
    case AiField::Kind::kList:
      return value.is_array();
    case AiField::Kind::kObject:
      return value.is_object();
  }
  return false;
}

std::string Shown(double number) {
  return std::to_string(static_cast<std::int64_t>(number));
}

// What is wrong with the size of a value of the right type; "" when nothing.
std::string WrongSize(const Json& value, const AiField& field) {
  std::string_view what = "Number";
  double size = 0;
  if (value.is_string()) {
    what = "String length";
    size = static_cast<double>(value.get_ref<const std::string&>().size());
  } else if (value.is_array()) {
    what = "Array length";
    size = static_cast<double>(value.size());
  } else if (value.is_number()) {
    size = value.get<double>();
  } else {
    return "";
  }
  if (size < field.least)
    return std::string(what) + " must be greater than or equal to " + Shown(field.least);
  if (size > field.most)
    return std::string(what) + " must be less than or equal to " + Shown(field.most);
  return "";
}

Json ErrorOf(const AiFieldProblem& problem) {
  Json path = Json::array({"body"});
  for (const std::string& part : problem.path) path.push_back(part);
  return Json{{"code", kInvalidCode}, {"message", problem.message}, {"path", std::move(path)}};
}

}  // namespace

void AiFieldReader::Refuse(std::string_view member, std::string message) {
  std::vector<std::string> path = path_;
  if (!member.empty()) path.emplace_back(member);
  problems_.push_back({std::move(path), std::move(message)});
}

void AiFieldReader::Read(const Json& body, std::span<const AiField> fields, Json& into) {
  if (!body.is_object())
    return Refuse("", "Expected object, received " + std::string(body.type_name()));
  for (const AiField& field : fields) {
    const Json* value = Find(body, field.name);
    if (value != nullptr) {
      Check(*value, field, into);
    } else if (field.need == AiField::Need::kRequired) {
      Refuse(field.name, "Required");
    }
  }
}

void AiFieldReader::Check(const Json& value, const AiField& field, Json& into) {
  const auto keep = [&] { into[std::string(field.name)] = value; };
  if (value.is_null() && field.nullable) return keep();
  if (!HasType(value, field.kind))
    return Refuse(field.name, "Expected " + std::string(TypeWord(field.kind)) + ", received " +
                                  value.type_name());
  if (field.kind == AiField::Kind::kWhole && !value.is_number_integer())
    return Refuse(field.name, "Expected integer, received float");
  if (field.kind == AiField::Kind::kWord) {
    if (IsOneOf(field.words, value.get_ref<const std::string&>())) return keep();
    return Refuse(field.name, WrongWord(field.words, value));
  }
  if (std::string wrong = WrongSize(value, field); !wrong.empty())
    return Refuse(field.name, std::move(wrong));
  keep();
}

bool IsOneOf(std::string_view words, std::string_view word) {
  const auto all = Split(words, '|');
  return std::find(all.begin(), all.end(), word) != all.end();
}

std::string WrongWord(std::string_view words, const Json& received) {
  std::string expected;
  for (const std::string_view word : Split(words, '|'))
    expected.append(expected.empty() ? "'" : " | '").append(word).append("'");
  const std::string got = received.is_string() ? received.get<std::string>() : DumpJson(received);
  return "Invalid enum value. Expected " + expected + ", received '" + got.substr(0, 64) + "'";
}

Response FieldProblems(const std::vector<AiFieldProblem>& problems) {
  Json errors = Json::array();
  for (const AiFieldProblem& problem : problems) errors.push_back(ErrorOf(problem));
  return JsonResponse(400, DumpJson(Json{{"success", false},
                                         {"errors", std::move(errors)},
                                         {"messages", Json::array()},
                                         {"result", Json::object()}}));
}

Response FieldProblem(std::vector<std::string> path, std::string message) {
  return FieldProblems({{std::move(path), std::move(message)}});
}

}  // namespace mg::fake
