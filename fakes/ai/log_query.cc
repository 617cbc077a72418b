#include "fakes/ai/log_query.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "core/base/bytes.h"
#include "core/base/json.h"
#include "core/http/message.h"
#include "fakes/ai/control_knobs.h"
#include "fakes/ai/log_filter.h"

namespace mg::fake {
namespace {

constexpr std::string_view kListOrders = "created_at|provider|model|model_type|success|cached";
constexpr std::string_view kDeleteOrders =
    "created_at|provider|model|model_type|success|cached|cost|tokens_in|tokens_out|duration|"
    "feedback";
constexpr std::string_view kDirections = "asc|desc";
constexpr std::int64_t kMostPage = 1'000'000;
constexpr std::int64_t kMostDeleted = 10'000'000;

struct FlatFilter {
  std::string_view parameter, key, operation;
};
constexpr FlatFilter kFlatFilters[] = {
    {"cached", "cached", "eq"},
    {"success", "success", "eq"},
    {"provider", "provider", "eq"},
    {"model", "model", "eq"},
    {"model_type", "model_type", "eq"},
    {"request_content_type", "request_content_type", "eq"},
    {"response_content_type", "response_content_type", "eq"},
    {"feedback", "feedback", "eq"},
    {"start_date", "created_at", "gte"},
    {"end_date", "created_at", "lte"},
    {"min_cost", "cost", "gte"},
    {"max_cost", "cost", "lte"},
    {"min_duration", "duration", "gte"},
    {"max_duration", "duration", "lte"},
    {"min_tokens_in", "tokens_in", "gte"},
    {"max_tokens_in", "tokens_in", "lte"},
    {"min_tokens_out", "tokens_out", "gte"},
    {"max_tokens_out", "tokens_out", "lte"},
    {"min_total_tokens", "tokens", "gte"},
    {"max_total_tokens", "tokens", "lte"},
};

// "a=1&b=2", form-decoded, in order; what cannot be decoded is left out.
using Parameters = std::vector<std::pair<std::string, std::string>>;
Parameters ParametersOf(std::string_view query_string) {
  Parameters parameters;
  for (const std::string_view pair : Split(query_string, '&')) {
    const std::size_t equals = pair.find('=');
    if (equals == std::string_view::npos) continue;
    std::string value(pair.substr(equals + 1));
    std::replace(value.begin(), value.end(), '+', ' ');
    auto name = PercentDecode(pair.substr(0, equals));
    auto decoded = PercentDecode(value);
    if (name && decoded) parameters.emplace_back(std::move(*name), std::move(*decoded));
  }
  return parameters;
}

class Reader {
 public:
  Reader(AiLogVerb verb, AiLogQuery& query) : verb_(verb), query_(query) {}

  std::vector<AiFieldProblem> Read(const Parameters& parameters) {
    query_.where.sql = "1";
    for (const auto& [name, value] : parameters) {
      if (name == "filters" || name == "filters[]") {
        ReadJson(value);
      } else if (name.compare(0, 8, "filters.") == 0) {
        ReadDotted(name.substr(8), value);
      } else if (verb_ == AiLogVerb::kDelete || !ReadFlat(name, value)) {
        ReadOther(name, value);
      }
    }
    Finish();
    return std::move(problems_);
  }

 private:
  void Refuse(std::vector<std::string> path, std::string message) {
    problems_.push_back({std::move(path), std::move(message)});
  }

  void ReadJson(const std::string& text) {
    const auto json = ParseJson(text);
    if (!json || !json->is_array()) return Refuse({"filters"}, "Expected array, received string");
    for (const Json& item : *json) {
      AiLogFilter filter{StringAt(item, "key"), StringAt(item, "operator"), {}};
      const Json* value = Find(item, "value");
      if (value != nullptr && value->is_array()) {
        filter.values.assign(value->begin(), value->end());
      } else if (value != nullptr) {
        filter.values.push_back(*value);
      }
      filters_.push_back(std::move(filter));
    }
  }

  // A filter's members come together, in any order; values that follow one another are one's.
  void ReadDotted(const std::string& member, const std::string& value) {
    const bool is_value = member == "value" || member == "value[]";
    const auto given_already = [&](const AiLogFilter& filter) {
      if (member == "key") return !filter.key.empty();
      if (member == "operator") return !filter.operation.empty();
      return !filter.values.empty() && !last_was_value_;
    };
    if (!dotted_open_ || given_already(filters_.back())) filters_.emplace_back();
    dotted_open_ = true;
    AiLogFilter& filter = filters_.back();
    if (member == "key") filter.key = value;
    if (member == "operator") filter.operation = value;
    if (is_value) filter.values.emplace_back(value);
    last_was_value_ = is_value;
  }

  bool ReadFlat(const std::string& name, const std::string& value) {
    for (const FlatFilter& flat : kFlatFilters) {
      if (flat.parameter != name) continue;
      const AiLogFilter filter{std::string(flat.key), std::string(flat.operation), {value}};
      if (auto wrong = AddLogFilter(filter, query_.where)) Refuse({name}, std::move(*wrong));
      return true;
    }
    return false;
  }

  void ReadOther(const std::string& name, const std::string& value) {
    if (name == "page") return Whole(name, value, kMostPage, query_.page);
    if (name == "per_page") return Whole(name, value, kMaxLogsPerPage, query_.per_page);
    if (name == "limit") return Whole(name, value, kMostDeleted, query_.limit);
    if (name == "meta_info") query_.meta_info = value == "true";
    const bool direction = name == "order_by_direction" || name == "direction";
    if (direction && Word(name, value, kDirections)) query_.ascending = value == "asc";
    const bool deletes = verb_ == AiLogVerb::kDelete;
    if (name == "order_by" && Word(name, value, deletes ? kDeleteOrders : kListOrders))
      query_.order = value;
    if (name == "search" && !value.empty()) {
      query_.where.sql += " AND instr(lower(metadata), lower(?)) > 0";
      query_.where.values.emplace_back(value);
    }
  }

  void Whole(const std::string& name, const std::string& text, std::int64_t most,
             std::int64_t& into) {
    const auto number = ParseInt(text);
    if (!number) return Refuse({name}, "Expected number, received nan");
    if (*number < 1) return Refuse({name}, "Number must be greater than or equal to 1");
    if (*number > most)
      return Refuse({name}, "Number must be less than or equal to " + std::to_string(most));
    into = *number;
  }

  bool Word(const std::string& name, const std::string& value, std::string_view words) {
    if (IsOneOf(words, value)) return true;
    Refuse({name}, WrongWord(words, value));
    return false;
  }

  void Finish() {
    if (filters_.size() > kMaxLogFilters) return Refuse({"filters"}, "Too many filters");
    for (std::size_t i = 0; i < filters_.size(); ++i) {
      const AiLogFilter& filter = filters_[i];
      std::vector<std::string> path{"filters", std::to_string(i)};
      if (!IsOneOf(kLogFilterOperations, filter.operation)) {
        path.emplace_back("operator");
        Refuse(std::move(path), WrongWord(kLogFilterOperations, filter.operation));
      } else if (auto wrong = AddLogFilter(filter, query_.where)) {
        const bool known = IsOneOf(kLogFilterKeys, filter.key);
        path.emplace_back(known ? "value" : "key");
        Refuse(std::move(path), std::move(*wrong));
      }
    }
  }

  const AiLogVerb verb_;
  AiLogQuery& query_;
  std::vector<AiLogFilter> filters_;
  std::vector<AiFieldProblem> problems_;
  bool dotted_open_ = false;
  bool last_was_value_ = false;
};

}  // namespace

std::vector<AiFieldProblem> ReadLogQuery(std::string_view query_string, AiLogVerb verb,
                                         AiLogQuery& query) {
  return Reader(verb, query).Read(ParametersOf(query_string));
}

}  // namespace mg::fake
