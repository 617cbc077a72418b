#include "fakes/ai/log_filter.h"

#include <cmath>
#include <cstdlib>
#include <utility>

#include "core/base/bytes.h"
#include "core/base/json.h"
#include "core/base/utc.h"
#include "fakes/ai/control_knobs.h"
#include "fakes/ai/gateway_config.h"

namespace mg::fake {
namespace {

enum class Unit { kText, kWhole, kDollars, kBool, kTime };

struct Key {
  std::string_view name;
  std::string_view expression;  // over a row of logs, or over an entry of its metadata
  Unit unit;
  bool of_metadata = false;
};

constexpr std::string_view kEntryText =
    "CASE entry.type WHEN 'true' THEN 'true' WHEN 'false' THEN 'false'"
    " ELSE CAST(entry.value AS TEXT) END";

constexpr Key kKeys[] = {
    {"id", "id", Unit::kText},
    {"created_at", "created_at", Unit::kTime},
    {"request_content_type", "request_content_type", Unit::kText},
    {"response_content_type", "response_content_type", Unit::kText},
    {"request_type", "request_type", Unit::kText},
    {"success", "success", Unit::kBool},
    {"cached", "cached", Unit::kBool},
    {"provider", "provider", Unit::kText},
    {"model", "model", Unit::kText},
    {"model_type", "model_type", Unit::kText},
    {"cost", "cost", Unit::kDollars},
    {"tokens", "(COALESCE(tokens_in, 0) + COALESCE(tokens_out, 0))", Unit::kWhole},
    {"tokens_in", "tokens_in", Unit::kWhole},
    {"tokens_out", "tokens_out", Unit::kWhole},
    {"duration", "duration", Unit::kWhole},
    {"feedback", "feedback", Unit::kWhole},
    {"event_id", "event_id", Unit::kText},
    {"metadata.key", "entry.key", Unit::kText, true},
    {"metadata.value", kEntryText, Unit::kText, true},
    {"authentication", "authentication", Unit::kBool},
    {"wholesale", "wholesale", Unit::kBool},
    {"compatibilityMode", "compatibility", Unit::kBool},
    {"dlp_action", "dlp_action", Unit::kText},
    {"user_agent", "user_agent", Unit::kText},
};

const Key* KeyOf(std::string_view name) {
  for (const Key& key : kKeys)
    if (key.name == name) return &key;
  return nullptr;
}

std::string TextOf(const Json& value) {
  return value.is_string() ? value.get<std::string>() : DumpJson(value);
}

// The dotted form has texts alone, so numbers and truth values are read from texts too.
std::optional<double> NumberOf(const Json& value) {
  if (value.is_number()) return value.get<double>();
  if (!value.is_string() || value.get_ref<const std::string&>().empty()) return std::nullopt;
  const std::string& text = value.get_ref<const std::string&>();
  char* end = nullptr;
  const double number = std::strtod(text.c_str(), &end);
  if (end != text.c_str() + text.size() || !std::isfinite(number)) return std::nullopt;
  return number;
}

std::optional<AiLogValue> BoolOf(const Json& value) {
  const std::string text = TextOf(value);
  if (text == "true" || text == "1") return std::int64_t{1};
  if (text == "false" || text == "0") return std::int64_t{0};
  return std::nullopt;
}

std::optional<AiLogValue> TimeOf(const Json& value) {
  if (value.is_string())
    if (const auto ms = ParseUtcMs(value.get_ref<const std::string&>())) return *ms;
  const auto number = NumberOf(value);
  if (!number || std::fabs(*number) > 1e15) return std::nullopt;
  return static_cast<std::int64_t>(*number);
}

std::optional<AiLogValue> ValueOf(const Json& value, Unit unit) {
  if (value.is_structured()) return std::nullopt;
  if (unit == Unit::kText) return TextOf(value);
  if (unit == Unit::kBool) return BoolOf(value);
  if (unit == Unit::kTime) return TimeOf(value);
  const auto number = NumberOf(value);
  if (!number || std::fabs(*number) > 1e15) return std::nullopt;
  if (unit == Unit::kDollars) return PicodollarsOf(*number);
  return static_cast<std::int64_t>(*number);
}

struct Values {
  std::vector<AiLogValue> some;
  bool null = false;
};

// "(a OP ? OR a OP ?)"
std::string AnyOf(std::string_view expression, std::string_view form, std::size_t count) {
  std::string sql = "(";
  for (std::size_t i = 0; i < count; ++i) {
    if (i > 0) sql += " OR ";
    std::string one(form);
    one.replace(one.find('@'), 1, expression);
    sql += one;
  }
  return sql + ")";
}

std::string_view FormOf(std::string_view operation) {
  if (operation == "contains") return "instr(CAST(@ AS TEXT), ?) > 0";
  if (operation == "lt") return "@ < ?";
  if (operation == "gt") return "@ > ?";
  if (operation == "lte") return "@ <= ?";
  if (operation == "gte") return "@ >= ?";
  return "@ = ?";  // eq, and neq before it is turned round
}

std::string Condition(const Key& key, std::string_view operation, const Values& values) {
  std::string sql =
      values.some.empty() ? "0" : AnyOf(key.expression, FormOf(operation), values.some.size());
  if (values.null) sql = "(" + sql + " OR " + std::string(key.expression) + " IS NULL)";
  if (key.of_metadata) sql = "EXISTS(SELECT 1 FROM json_each(metadata) AS entry WHERE " + sql + ")";
  return operation == "neq" ? "COALESCE(" + sql + ", 0) = 0" : sql;
}

}  // namespace

std::optional<std::string> AddLogFilter(const AiLogFilter& filter, AiLogWhere& where) {
  const Key* key = KeyOf(filter.key);
  if (key == nullptr) return WrongWord(kLogFilterKeys, filter.key);
  if (filter.values.empty()) return "Required";
  if (filter.values.size() > kMaxFilterValues) return "Too many values";
  const Unit unit = filter.operation == "contains" ? Unit::kText : key->unit;
  Values values;
  for (const Json& one : filter.values) {
    if (one.is_null()) {
      values.null = true;
      continue;
    }
    auto value = ValueOf(one, unit);
    if (!value) return "Invalid value for " + filter.key;
    values.some.push_back(std::move(*value));
  }
  where.sql += " AND " + Condition(*key, filter.operation, values);
  where.values.insert(where.values.end(), values.some.begin(), values.some.end());
  return std::nullopt;
}

}  // namespace mg::fake
