// The AI Gateway fake's knobs as JSON, for scenarios, the control API and the command line: one
// object of the names below, those of models also for one model alone:
// {"first_token": "200ms", "models": {"@cf/meta/llama-3.1-8b-instruct-fp8-fast": {"jitter": 0.2}}}.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "core/base/json_fwd.h"
#include "core/base/result.h"
#include "fakes/ai/knobs.h"

namespace mg::fake {

// Changes what `json` names and leaves the rest; a model that is named for the first time begins
// with what all models have. Errors: kInvalid, naming the knob; `knobs` is unchanged then.
Status SetAiKnobs(const Json& json, AiKnobs& knobs);

Json AiKnobsToJson(const AiKnobs& knobs);  // all of them; SetAiKnobs reads it

// "first_token=200ms" as {"first_token": "200ms"}: what stands after '=' is JSON when it parses as
// that, else a text. Errors: kInvalid.
Result<Json> AiKnobFromText(std::string_view text);

// What can be said, for who describes or checks a format.
struct AiKnobInfo {
  enum class Form { kBool, kDuration, kWhole, kNumber, kWord };
  const char* name;
  const char* about;
  Form form;
  double least, most;              // of numbers
  std::vector<std::string> words;  // of kWord
  bool of_models;                  // may be set for one model alone
};
std::vector<AiKnobInfo> AiKnobTable();

}  // namespace mg::fake
