#include "fakes/ai/knobs.h"

#include <algorithm>

namespace mg::fake {
namespace {

bool TakesTime(const ModelKnobs& of) {
  return of.timing.first_token > Nanos::zero() || of.timing.tokens_per_second > 0;
}

}  // namespace

bool AiKnobs::AnyTakesTime() const {
  return TakesTime(models) || std::any_of(of_model.begin(), of_model.end(), [](const auto& entry) {
           return TakesTime(entry.second);
         });
}

void AiKnobs::FollowDocumentation() {
  wai_auth_from_gateway_token = true;
  legacy_envelope = true;  // the pages are older than the new one
  quirks.cache_300s = false;
  quirks.cache_key_double_miss = false;
  quirks.spend_lag = Nanos::zero();
  quirks.spend_miss_rate = 0;
  quirks.log_lag = Nanos::zero();
  quirks.stream_log_lag = Nanos::zero();
}

}  // namespace mg::fake
