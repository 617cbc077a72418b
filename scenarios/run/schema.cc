#include <nlohmann/json.hpp>

#include "scenarios/run/match_operators.h"
#include "scenarios/run/scenario.h"
#include "scenarios/run/shapes.h"

namespace mg::scenario {
namespace {

using Ordered = nlohmann::ordered_json;

constexpr const char* kTemplatePattern = "\\{\\{.*\\}\\}";
constexpr const char* kDurationPattern = "^(-?[0-9]+(\\.[0-9]+)?(ns|us|ms|s|m|h|d)|.*\\{\\{.*)$";

Ordered SchemaOf(const Shape& shape);

Ordered OrTemplate(Ordered schema) {
  return {{"anyOf", {std::move(schema), {{"type", "string"}, {"pattern", kTemplatePattern}}}}};
}

Ordered ObjectSchema(const Shape& shape) {
  Ordered properties = Ordered::object(), required = Ordered::array();
  for (const Field& field : shape.fields) {
    Ordered one = SchemaOf(field.shape);
    if (!field.about.empty()) one["description"] = field.about;
    properties[field.key] = std::move(one);
    if (field.required) required.push_back(field.key);
  }
  Ordered schema = {{"type", "object"}, {"properties", std::move(properties)}};
  if (!required.empty()) schema["required"] = std::move(required);
  schema["additionalProperties"] = false;
  return schema;
}

Ordered MapSchema(const Shape& shape) {
  Ordered schema = {{"type", "object"}};
  if (shape.name != Name::kNone) schema["propertyNames"] = {{"pattern", NamePattern(shape.name)}};
  schema["additionalProperties"] = SchemaOf(*shape.item);
  return schema;
}

Ordered ListSchema(const Shape& shape) {
  Ordered schema = {{"type", "array"}, {"items", SchemaOf(*shape.item)}};
  if (!shape.may_be_empty) schema["minItems"] = 1;
  return schema;
}

Ordered EitherSchema(const Shape& shape) {
  Ordered schemas = Ordered::array();
  for (const Shape& one : shape.either) schemas.push_back(SchemaOf(one));
  return {{"anyOf", std::move(schemas)}};
}

Ordered SchemaOf(const Shape& shape) {
  switch (shape.form) {
    case Form::kAny:
    case Form::kExpected:
      return Ordered::object();
    case Form::kText:
      return {{"type", "string"}};
    case Form::kLines:
      return {
          {"anyOf", {{{"type", "string"}}, {{"type", "array"}, {"items", {{"type", "string"}}}}}}};
    case Form::kScalar:
      return {{"type", {"string", "number", "boolean", "null"}}};
    case Form::kDuration:
    case Form::kOffset:
      return {{"type", "string"}, {"pattern", kDurationPattern}};
    case Form::kTime:
      return {{"type", "string"}, {"format", "date-time"}};
    case Form::kWhole:
      return OrTemplate({{"type", "integer"},
                         {"minimum", static_cast<std::int64_t>(shape.least)},
                         {"maximum", static_cast<std::int64_t>(shape.most)}});
    case Form::kNumber:
      return OrTemplate({{"type", "number"}, {"minimum", shape.least}, {"maximum", shape.most}});
    case Form::kBool:
      return OrTemplate({{"type", "boolean"}});
    case Form::kWord:
      return {{"enum", shape.words}};
    case Form::kName:
      return {{"type", "string"}, {"pattern", NamePattern(shape.name)}};
    case Form::kList:
      return ListSchema(shape);
    case Form::kMap:
      return MapSchema(shape);
    case Form::kObject:
      return ObjectSchema(shape);
    case Form::kEither:
      return EitherSchema(shape);
  }
  return Ordered::object();
}

// A step: its own keys, and for each action what may be expected of it.
Ordered StepSchema() {
  Ordered schema = SchemaOf(StepShape());
  schema["properties"]["together"]["items"] = {{"$ref", "#/$defs/step"}};
  Ordered one_of = Ordered::array(), expectations = Ordered::array();
  for (const std::string& word : ActionWords()) {
    one_of.push_back({{"required", {word}}});
    expectations.push_back({{"if", {{"required", {word}}}},
                            {"then", {{"properties", {{"expect", SchemaOf(ExpectShape(word))}}}}}});
  }
  schema["oneOf"] = std::move(one_of);
  schema["allOf"] = std::move(expectations);
  return schema;
}

}  // namespace

std::string ScenarioSchemaJson() {
  Ordered schema = {{"$schema", "https://json-schema.org/draft/2020-12/schema"},
                    {"title", "moltgate scenario"}};
  schema.update(SchemaOf(ScenarioShape()));
  schema["properties"]["steps"]["items"] = {{"$ref", "#/$defs/step"}};
  schema["$defs"] = {{"step", StepSchema()}};
  return schema.dump(2) + "\n";
}

}  // namespace mg::scenario
