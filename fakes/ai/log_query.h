// What a query string asks of a gateway's logs: filters in both wire forms (one JSON array in
// `filters=`, and dotted repeats `filters.key=&filters.operator=&filters.value=`), the older flat
// ones, order and page (wire/ai-gateway.md 6).
//
// Thread-safety: pure. Bounded: kMaxLogFilters, kMaxFilterValues.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "fakes/ai/fields.h"

namespace mg::fake {

// A condition in SQL over the table `logs`, with the values of its parameters in order.
using AiLogValue = std::variant<std::int64_t, std::string>;
struct AiLogWhere {
  std::string sql;  // "success = ? AND ..."; "1" when there is none
  std::vector<AiLogValue> values;
};

struct AiLogQuery {
  AiLogWhere where;
  std::string order = "created_at";  // a column
  bool ascending = false;
  std::int64_t page = 1;
  std::int64_t per_page = 20;
  std::int64_t limit = 0;  // of a deletion; 0: none
  bool meta_info = false;
};

enum class AiLogVerb { kList, kDelete };

// Fills `query`, or says what is wrong with the query string: none then.
std::vector<AiFieldProblem> ReadLogQuery(std::string_view query_string, AiLogVerb verb,
                                         AiLogQuery& query);

}  // namespace mg::fake
