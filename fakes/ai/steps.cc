#include "fakes/ai/steps.h"

#include <string_view>
#include <utility>

#include "core/base/json.h"
#include "fakes/ai/knobs.h"

namespace mg::fake {
namespace {

Headers HeadersOf(const Json& step) {
  Headers headers;
  const Json* found = Find(step, "headers");
  if (found == nullptr || !found->is_object()) return headers;
  for (const auto& [name, value] : found->items())
    if (value.is_string()) headers.Add(name, value.get_ref<const std::string&>());
  return headers;
}

// The name of the first setting that makes no sense, or "".
std::string_view ReadStep(const Json& value, const AiSettings& defaults, AiStep& step) {
  const Headers headers = HeadersOf(value);
  step.settings = defaults;
  step.authorization = headers.Has("authorization") ? std::string(headers.Get("authorization"))
                                                    : StringAt(value, "authorization");
  const std::string_view wrong = ApplyAiHeaders(headers, step.settings);
  if (const Json* config = Find(value, "config")) ApplyAiConfig(*config, step.settings);
  const Json& query = *Find(value, "query");
  step.query = std::make_shared<const Json>(query);
  step.query_text = DumpJson(query);
  return wrong;
}

}  // namespace

std::optional<AiError> ReadSteps(const Json& body, const AiSettings& defaults, bool refuse_nonsense,
                                 std::vector<AiStep>& steps) {
  if (!body.is_array() || body.empty() || body.size() > kMaxSteps)
    return KnownAiError(kBadUniversalBodyCode);
  for (const Json& value : body) {
    AiStep step;
    step.provider = StringAt(value, "provider");
    step.endpoint = StringAt(value, "endpoint");
    if (Find(value, "query") == nullptr || step.provider.empty() || step.endpoint.empty())
      return KnownAiError(kBadUniversalBodyCode, "A step needs provider, endpoint and query");
    const std::string_view wrong = ReadStep(value, defaults, step);
    if (refuse_nonsense && !wrong.empty()) return BadSetting(wrong);
    steps.push_back(std::move(step));
  }
  return std::nullopt;
}

}  // namespace mg::fake
