// Faults as JSON, for the control API and for scenarios: FaultRule's field names, durations as
// texts ("250ms"), `reset` as "before" or "after", and the scope's fields beside the others or in
// `where`.
#pragma once
#include <string>

#include "core/base/json_fwd.h"
#include "core/base/result.h"
#include "fakes/faults.h"

namespace mg::fake {

// Errors: kInvalid, naming the field; for an unknown one the nearest known too. A rule that could
// never fire, or would do nothing, is invalid as well.
Result<FaultRule> FaultRuleFromJson(const Json& json);

Json FaultRuleToJson(const FaultRule& rule);     // what is not as usual; FaultRuleFromJson reads it
Json FaultCountToJson(const FaultCount& count);  // planned -1: no bound

}  // namespace mg::fake
