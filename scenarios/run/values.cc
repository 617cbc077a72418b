#include "scenarios/run/values.h"

#include <utility>
#include <vector>

#include "core/base/bytes.h"
#include "core/base/json.h"
#include "core/base/utc.h"
#include "scenarios/run/templates.h"

namespace mg::scenario {
namespace {

void CollectNames(const Json& value, const std::string& prefix, std::vector<std::string>& names) {
  for (const auto& [key, member] : value.items()) {
    const std::string name = prefix + key;
    names.push_back(name);
    if (member.is_object()) CollectNames(member, name + ".", names);
  }
}

Json NumberOf(const JsoncNode& node) {
  if (const auto whole = ParseInt(node.text)) return *whole;
  return node.number;
}

std::string TextOf(const Json& value) {
  return value.is_string() ? value.get<std::string>() : DumpJson(value);
}

}  // namespace

Variables::Variables() : root_(std::make_unique<Json>(Json::object())) {}
Variables::~Variables() = default;
Variables::Variables(const Variables& other) : root_(std::make_unique<Json>(*other.root_)) {}
Variables& Variables::operator=(const Variables& other) {
  if (this != &other) *root_ = *other.root_;
  return *this;
}

void Variables::Set(std::string_view dotted_name, Json value) {
  Json* at = root_.get();
  for (const std::string_view part : Split(dotted_name, '.')) {
    if (!at->is_object()) *at = Json::object();
    at = &(*at)[std::string(part)];
  }
  *at = std::move(value);
}

const Json* Variables::Find(std::string_view dotted_name) const {
  const Json* at = root_.get();
  for (const std::string_view part : Split(dotted_name, '.')) {
    at = mg::Find(*at, part);
    if (at == nullptr) return nullptr;
  }
  return at;
}

std::vector<std::string> Variables::Names() const {
  std::vector<std::string> names;
  CollectNames(*root_, "", names);
  return names;
}

namespace {

Result<Json> FilledIn(const std::string& text, const Variables& variables) {
  Json whole;
  std::string out;
  for (const TemplatePart& part : TemplateParts(text)) {
    if (!part.is_name) {
      out += part.text;
      continue;
    }
    const Json* value = variables.Find(part.text);
    if (value == nullptr) {
      const std::string nearest = NearestWord(part.text, variables.Names());
      return Error{Code::kInvalid,
                   "there is no variable \"" + part.text + "\"" +
                       (nearest.empty() ? "" : "; did you mean \"" + nearest + "\"?")};
    }
    if (part.whole) return *value;
    out += TextOf(*value);
  }
  return Json(std::move(out));
}

}  // namespace

Result<Json> Resolve(const JsoncNode& node, const Variables& variables) {
  switch (node.kind) {
    case JsoncNode::Kind::kNull:
      return Json(nullptr);
    case JsoncNode::Kind::kBool:
      return Json(node.boolean);
    case JsoncNode::Kind::kNumber:
      return NumberOf(node);
    case JsoncNode::Kind::kString:
      return FilledIn(node.text, variables);
    case JsoncNode::Kind::kArray: {
      Json array = Json::array();
      for (const JsoncNode& item : node.items) {
        MG_TRY(value, Resolve(item, variables));
        array.push_back(std::move(value));
      }
      return array;
    }
    case JsoncNode::Kind::kObject:
      break;
  }
  Json object = Json::object();
  for (const JsoncNode::Member& member : node.members) {
    MG_TRY(value, Resolve(member.value, variables));
    const bool escaped = member.key.compare(0, 2, "$$") == 0;
    object[escaped ? member.key.substr(1) : member.key] = std::move(value);
  }
  return object;
}

Result<std::string> ResolveText(const JsoncNode& node, const Variables& variables) {
  MG_TRY(value, Resolve(node, variables));
  if (value.is_structured() || value.is_null())
    return Error{Code::kInvalid, "a text is wanted here, not " + DumpJson(value)};
  return TextOf(value);
}

std::optional<Nanos> DurationOf(std::string_view text) {
  const auto duration = ParseDuration(text);
  if (!duration) return std::nullopt;
  return *duration;
}

std::optional<WallTime> ParseTime(std::string_view text) {
  const auto ms = ParseUtcMs(text);
  if (!ms) return std::nullopt;
  return WallTime{*ms};
}

std::string TimeText(WallTime time) {
  return UtcText(time.ms);
}

}  // namespace mg::scenario
