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

}  // namespace mg::fake
