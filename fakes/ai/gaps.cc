// What AI Gateway's and Workers AI's model paths do not do here; gateway.cc and target.cc refuse it
// by these names.
#include "fakes/gap_routes.h"

namespace mg::fake {
namespace {

constexpr Operation kRefused[] = {
    {"POST", "v1/{account}/{gateway}/{provider}", "ai.provider", "providers but Workers AI"},
    {"GET", "v1/{account}/{gateway}/{provider}", "ai.realtime", "realtime WebSockets"},
    {"POST", "client/v4/accounts/{account}/ai/run/{model}?queueRequest=true", "ai.batch",
     "batches"},
};

}  // namespace

FakeOperations AiGaps() {
  return RefusedOf("AI", "", kRefused);
}

}  // namespace mg::fake
