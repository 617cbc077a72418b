#include "fakes/ai_runner.h"

#include <utility>

#include "core/base/ids.h"
#include "fakes/ai_errors.h"
#include "fakes/ai_knobs.h"

namespace mg::fake {
namespace {

// 48 bits of wall time and 80 random ones in Crockford's base 32.
std::string Ulid(std::int64_t wall_ms, Random& random) {
  constexpr std::string_view kAlphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
  std::string text(10, '0');
  auto left = static_cast<std::uint64_t>(wall_ms);
  for (auto at = text.rbegin(); at != text.rend(); ++at, left >>= 5U) *at = kAlphabet[left & 31U];
  for (const char byte : random.Bytes(16))
    text += kAlphabet[static_cast<unsigned char>(byte) & 31U];
  return text;
}

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

std::shared_ptr<const ResolvedStep> AiStepList::Next() {
  if (at_ == steps_.size()) return nullptr;
  return std::make_shared<const ResolvedStep>(std::move(steps_[at_++]));
}

// What is done with a step, in the order of wire/ai-gateway.md 3.4; the first that answers ends it.
// Gateway and token were looked at before there was a step.
const AiRunner::Stage AiRunner::kStages[] = {
    {"target", &AiRunner::RefuseTarget},  // 2008, 7003
    {"model", &AiRunner::AskModel},       // tries, with time limit and faults
};

Response AiRunner::Run(std::shared_ptr<const AiCall> call, AiStepSource& steps, CallNote& note,
                       CancelToken& caller_gone) {
  Response response;
  int index = 0;
  while (auto step = steps.Next()) {
    note.subject = note.model = step->target.model;
    note.step = index;
    if (auto tenant = TenantOf(step->step.settings.metadata_json); !tenant.empty())
      note.tenant = std::move(tenant);
    AiStepRun run{call, std::move(step), index++, note, caller_gone, {}, "", ""};
    RunStep(run);
    response = std::move(run.response);
    const bool answered = response.status < 300 && !response.drop_connection;
    steps.Report(answered);
    if (answered || response.drop_connection || caller_gone.cancelled()) return response;
  }
  if (call->through_gateway() && knobs()->all_failed == AllFailed::kWrapped2005) Wrap(response);
  return response;
}

void AiRunner::RunStep(AiStepRun& run) {
  for (const Stage& stage : kStages)
    if ((this->*stage.answers)(run)) break;
  if (run.call->through_gateway() && !run.response.drop_connection) AddHeaders(run);
}

bool AiRunner::RefuseTarget(AiStepRun& run) {
  const auto& error = run.target().error;
  if (!error || error->shape == AiShape::kModel) return false;  // the model's own refusal
  run.response = AiErrorResponse(*error);
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

void AiRunner::AddHeaders(AiStepRun& run) {
  const AiSettings& settings = run.settings();
  run.log_id = Ulid(runtime_.Wall().ms, random_);
  run.event_id = settings.event_id.empty() ? UuidFromBytes(random_.Bytes(16)) : settings.event_id;
  Headers& headers = run.response.headers;
  headers.Set("cf-aig-step", std::to_string(run.index));
  headers.Set("cf-aig-event-id", run.event_id);
  if (settings.collect_log.value_or(true)) headers.Set("cf-aig-log-id", run.log_id);
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
