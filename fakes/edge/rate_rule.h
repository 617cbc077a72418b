// A rate-limiting rule of the WAF, in Cloudflare's own JSON (phase http_ratelimit,
// wire/access-edge-sandbox.md 2.5).
//
// Thread-safety: values.
#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/base/json_fwd.h"
#include "core/base/result.h"
#include "fakes/edge/expression.h"

namespace mg::fake {

inline constexpr std::size_t kMaxRateRules = 100;
inline constexpr std::size_t kMaxRuleContentBytes = 30 * 1024;

struct RateRule {
  enum class Action { kBlock, kChallenge, kLog };  // the three challenges look the same from here

  std::string description;
  bool enabled = true;
  Expression expression;
  std::optional<Expression> counting;  // none: what `expression` matches
  Action action = Action::kBlock;
  struct CustomAnswer {
    int status = 429;
    std::string content, content_type;
  };
  std::optional<CustomAnswer> answer;
  std::vector<Field> characteristics;  // what tells one counter from another
  std::int64_t period_seconds = 10;
  std::int64_t limit = 0;  // requests, or the sum of scores
  std::int64_t mitigation_seconds = 0;
  std::string score_header;  // of the answer; empty: each request counts one
  std::string source;        // the JSON it was read from

  bool CountsAnswers() const {
    return !score_header.empty() || (counting && counting->LooksAtResponse());
  }
};

// Errors: kInvalid, naming the member and what it may be.
Result<RateRule> RateRuleFromJson(const Json& json);

// LIM-6: 1000 requests in 10 s from one address, then nothing for 10 s.
RateRule DefaultRateRule();

}  // namespace mg::fake
