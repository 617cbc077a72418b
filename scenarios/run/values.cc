#include "scenarios/run/values.h"

#include <array>
#include <cstdio>
#include <utility>
#include <vector>

#include "core/base/bytes.h"
#include "core/base/json.h"
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

// Days since 1970-01-01 of a day in the proleptic Gregorian calendar (after Howard Hinnant).
std::int64_t DaysFromCivil(std::int64_t y, unsigned m, unsigned d) {
  y -= m <= 2 ? 1 : 0;
  const std::int64_t era = (y >= 0 ? y : y - 399) / 400;
  const auto yoe = static_cast<std::uint64_t>(y - era * 400);
  const std::uint64_t doy = (153 * (m > 2 ? m - 3U : m + 9U) + 2) / 5 + d - 1;
  const std::uint64_t doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;
  return era * 146097 + static_cast<std::int64_t>(doe) - 719468;
}

// The number in text[at, at + size), when all of it is digits.
std::optional<std::int64_t> Digits(std::string_view text, std::size_t at, std::size_t size) {
  if (text.size() < at + size) return std::nullopt;
  const auto number = ParseUint(text.substr(at, size));
  if (!number) return std::nullopt;
  return static_cast<std::int64_t>(*number);
}

// ".5" of a second in milliseconds; the text must end with 'Z' after it.
std::optional<std::int64_t> FractionMs(std::string_view rest) {
  if (rest == "Z") return 0;
  if (rest.size() < 3 || rest.front() != '.' || rest.back() != 'Z') return std::nullopt;
  std::string digits(rest.substr(1, rest.size() - 2));
  if (!ParseUint(digits)) return std::nullopt;
  digits.resize(3, '0');
  return static_cast<std::int64_t>(*ParseUint(digits));
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
  const auto year = Digits(text, 0, 4), month = Digits(text, 5, 2), day = Digits(text, 8, 2);
  const auto hour = Digits(text, 11, 2), minute = Digits(text, 14, 2), second = Digits(text, 17, 2);
  if (!year || !month || !day || !hour || !minute || !second) return std::nullopt;
  const bool punctuated =
      text[4] == '-' && text[7] == '-' && text[10] == 'T' && text[13] == ':' && text[16] == ':';
  const bool in_range = *month >= 1 && *month <= 12 && *day >= 1 && *day <= 31 && *hour < 24 &&
                        *minute < 60 && *second < 60;
  const auto fraction = FractionMs(text.substr(19));
  if (!punctuated || !in_range || !fraction) return std::nullopt;
  const std::int64_t days =
      DaysFromCivil(*year, static_cast<unsigned>(*month), static_cast<unsigned>(*day));
  return WallTime{((days * 24 + *hour) * 60 + *minute) * 60'000 + *second * 1000 + *fraction};
}

std::string TimeText(WallTime time) {
  const std::int64_t days = time.ms / 86'400'000, in_day = time.ms % 86'400'000;
  const std::int64_t z = days + 719468, era = z / 146097, doe = z % 146097;
  const std::int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
  const std::int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100), mp = (5 * doy + 2) / 153;
  const std::int64_t day = doy - (153 * mp + 2) / 5 + 1, month = mp < 10 ? mp + 3 : mp - 9;
  const std::int64_t year = yoe + era * 400 + (month <= 2 ? 1 : 0);
  std::array<char, 96> text{};
  std::snprintf(text.data(), text.size(), "%04lld-%02lld-%02lldT%02lld:%02lld:%02lld.%03lldZ",
                static_cast<long long>(year), static_cast<long long>(month),
                static_cast<long long>(day), static_cast<long long>(in_day / 3'600'000),
                static_cast<long long>(in_day / 60'000 % 60),
                static_cast<long long>(in_day / 1000 % 60), static_cast<long long>(in_day % 1000));
  return text.data();
}

}  // namespace mg::scenario
