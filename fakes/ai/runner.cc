#include "fakes/ai/runner.h"

#include <utility>

#include "fakes/ai/errors.h"
#include "fakes/ai/knobs.h"

namespace mg::fake {
namespace {

// A provider's failure that may pass becomes AI Gateway's own.
void Wrap(Response& response) {
  const int status = response.status;
  if (status != 408 && status != 429 && status < 500) return;
  Response wrapped = AiErrorResponse(KnownAiError(2005));
  for (const Headers::Line& line : response.headers.lines())
    if (line.name.substr(0, 7) == "cf-aig-") wrapped.headers.Set(line.name, line.value);
  response = std::move(wrapped);
}

}  // namespace

// What is done with a step, in the order of wire/ai-gateway.md 3.4; the first that answers ends it.
// Gateway and token were looked at before there was a step. The cache comes before the limits: a
// hit is served to whom they would refuse, and counts for none.
const AiRunner::Stage AiRunner::kStages[] = {
    {"target", &AiRunner::RefuseTarget},                                        // 2008, 7003
    {"key", &AiRunner::RefuseKey},                                              // 2040
    {"cache", &AiRunner::AnswerFromCache}, {"rate", &AiRunner::LimitRequests},  // 2003
    {"budget", &AiRunner::LimitSpend},                                          // 2041
    {"guards", &AiRunner::GuardPrompt},                                         // 2016, 2029
    {"model", &AiRunner::AskModel},  // tries, with time limit and faults
};

Response AiRunner::Run(std::shared_ptr<const AiCall> call, AiStepSource& steps, CallNote& note,
                       CancelToken& caller_gone) {
  Response response;
  int index = 0;
  while (auto step = steps.Next(note)) {
    note.subject = note.model = step->target.model;
    note.step = index;
    if (auto tenant = TenantOf(step->step.settings.metadata_json); !tenant.empty())
      note.tenant = std::move(tenant);
    AiStepRun run{call, std::move(step), index++, note, caller_gone, {}, "", ""};
    RunStep(run);
    response = std::move(run.response);
    const bool answered = response.status < 300 && !response.drop_connection;
    steps.Report(answered);
    const bool over = answered || run.ends_call || response.drop_connection;
    if (over || caller_gone.cancelled()) return response;
  }
  if (index == 0) return AiErrorResponse(KnownAiError(2005));  // a route that led to no model
  if (call->through_gateway() && knobs()->all_failed == AllFailed::kWrapped2005) Wrap(response);
  return response;
}

void AiRunner::RunStep(AiStepRun& run) {
  run.ends_call = run.resolved->ends_call;
  for (const Stage& stage : kStages)
    if ((this->*stage.answers)(run)) break;
  if (!run.call->through_gateway() || run.response.drop_connection) return;
  if (run.from_model) GuardAnswer(run);
  Settle(run);
}

bool AiRunner::RefuseTarget(AiStepRun& run) {
  const AiTarget& target = run.target();
  if (!target.gap.empty()) {  // of a route's model: a fallback must not hide it
    run.response =
        AiGapResponse(target.gap, "This emulator does not do " + std::string(target.gap));
    run.ends_call = true;
    return true;
  }
  if (!target.error) return false;
  if (target.error->shape == AiShape::kModel && !run.ends_call) return false;  // the model's own
  run.response = AiErrorResponse(*target.error);
  return true;
}

bool AiRunner::AskModel(AiStepRun& run) {
  const AiSettings& settings = run.settings();
  const std::shared_ptr<const AiKnobs> set = knobs();
  const std::int64_t most = settings.tries ? *settings.tries + (set->tries_are_extra ? 1 : 0) : 1;
  for (std::int64_t n = 1;; ++n) {
    AiWorkers::Try asked{n, std::nullopt};
    const bool exempt = set->final_try_exempt && most > 1 && n == most;
    if (settings.time_limit_ms && !exempt)
      asked.time_limit = std::chrono::milliseconds(*settings.time_limit_ms);
    ++run.note.attempt;
    AiWorkers::Tried tried = workers_.Ask(run, *set, asked);
    if (!tried.fault.empty()) run.note.fault = tried.fault;
    run.response = std::move(tried.response);
    const int status = run.response.drop_connection ? 0 : run.response.status;
    run.from_model = status >= 200 && status < 300;
    Record({settings.metadata_json, run.target().model, run.index, status, n, tried.fault});
    const bool repeats = tried.repeatable || (set->retry_all_failures && status >= 300);
    if (!repeats || n == most || run.caller_gone.cancelled()) return true;
    const Instant next = runtime_.Now() + RetryDelay(settings, n + 1);
    if (!SleepUnlessCancelled(runtime_, next, run.caller_gone)) return true;
  }
}

void AiRunner::Record(AiGateway::Seen seen) {
  Lock lock(mutex_);
  if (seen_.size() == kMaxSeen) seen_.pop_front();
  seen_.push_back(std::move(seen));
}

void AiRunner::SetKnobs(AiKnobs knobs) {
  auto set = std::make_shared<const AiKnobs>(std::move(knobs));
  Lock lock(mutex_);
  knobs_.swap(set);
}

std::shared_ptr<const AiKnobs> AiRunner::knobs() const {
  Lock lock(mutex_);
  return knobs_;
}

std::vector<AiGateway::Seen> AiRunner::seen() const {
  Lock lock(mutex_);
  return {seen_.begin(), seen_.end()};
}

void AiRunner::Reset() {
  Lock lock(mutex_);
  seen_.clear();
}

}  // namespace mg::fake
