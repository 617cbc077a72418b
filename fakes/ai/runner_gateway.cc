// What a gateway does with a step before and after its model: keys, cache, limits, guards, log row
// and spend.
#include <algorithm>
#include <utility>

#include "core/base/digest.h"
#include "core/base/ids.h"
#include "core/base/json.h"
#include "fakes/ai/catalogue.h"
#include "fakes/ai/errors.h"
#include "fakes/ai/knobs.h"
#include "fakes/ai/route_walk.h"
#include "fakes/ai/runner.h"
#include "fakes/body_end.h"

namespace mg::fake {
namespace {

constexpr std::string_view kUncountedIn = "@cf/baai/bge-m3";  // its rows say 0 tokens in
constexpr int kOutOfCreditStatus = 402;  // by REST it names no row, though there is one

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

Json MetadataOf(const AiSettings& settings) {
  auto metadata = ParseJson(settings.metadata_json);
  return metadata ? std::move(*metadata) : Json();
}

AiCacheWish WishOf(const AiSettings& settings) {
  return {settings.cache_ttl_s, settings.skip_cache, settings.cache_key};
}

// Of an answer with usage; others cost nothing, whatever their caller says.
std::int64_t CostOf(const AiSettings& settings, const AiUsage& usage) {
  if (!settings.custom_cost) return usage.micro_neurons * kPicodollarsPerMicroNeuron;
  const AiCustomCost& cost = *settings.custom_cost;
  if (cost.total) return PicodollarsOf(*cost.total);
  return PicodollarsOf(cost.per_token_in * static_cast<double>(usage.tokens_in) +
                       cost.per_token_out * static_cast<double>(usage.tokens_out));
}

const char* TypeWord(AiCall::Kind kind) {
  switch (kind) {
    case AiCall::Kind::kUniversal:
      return "universal";
    case AiCall::Kind::kProvider:
      return "provider";
    case AiCall::Kind::kCompat:
      return "compat";
    case AiCall::Kind::kRest:
      return "rest";
  }
  return "";
}

// All but what the end of the answer tells.
AiLogRow RowOf(const AiStepRun& run) {
  AiLogRow row;
  row.id = run.log_id;
  row.event_id = run.event_id;
  row.created_ms = run.call->began_at.ms;
  row.provider = run.target().provider;
  row.model = run.target().model;
  row.model_type = run.target().task == AiTask::kChat ? "Text Generation" : "Text Embeddings";
  row.path = run.step().endpoint;
  row.request_type = TypeWord(run.call->kind);
  row.request_content_type = run.call->content_type;
  row.response_content_type = std::string(run.response.headers.Get("content-type"));
  row.status_code = run.response.status;
  row.step = run.index;
  row.success = run.response.status < 300;
  row.cached = run.cached;
  row.authentication = run.call->authenticated;
  row.compatibility = run.call->kind == AiCall::Kind::kCompat;
  row.metadata_json = run.settings().metadata_json;
  row.dlp_action = run.dlp_action;
  row.user_agent = run.call->user_agent;
  row.request_bytes = static_cast<std::int64_t>(run.step().query_text.size());
  return row;
}

}  // namespace

// A key that the gateway stores stands in for an Authorization header.
bool AiRunner::RefuseKey(AiStepRun& run) {
  if (!run.call->through_gateway()) return false;
  const std::string& gateway = run.call->gateway->id;
  const std::string& provider = run.target().provider;
  const std::string& alias = run.settings().byok_alias;
  const std::string digest = control_.providers.KeyDigest(gateway, provider, alias);
  if (!alias.empty() && digest.empty()) {
    run.response = AiErrorResponse(control_.providers.NoSuchKey(gateway, provider, alias));
    return true;
  }
  run.key_is_stored = !digest.empty() && run.step().authorization.empty() &&
                      ConstantTimeEqual(digest, Sha256Hex(credentials_.api_token));
  return false;
}

bool AiRunner::AnswerFromCache(AiStepRun& run) {
  if (!run.call->through_gateway()) return false;
  const AiGatewayConfig& gateway = *run.call->gateway;
  const std::shared_ptr<const AiKnobs> set = knobs();
  const AiStep& step = run.step();
  const std::string endpoint = step.endpoint + " " + run.target().model;
  run.cache =
      CacheUseOf(WishOf(step.settings), gateway.cache_ttl_seconds,
                 {gateway.id, run.target().provider, endpoint, step.authorization, step.query_text},
                 set->quirks);
  if (run.cache.ttl_seconds == 0 || run.cache.skips) return false;
  auto hit = control_.cache.Find(run.cache, runtime_.Wall().ms);
  if (!hit) return false;
  run.cached = true;
  run.response.status = hit->status;
  run.response.headers = std::move(hit->headers);
  run.response.body = std::move(hit->body);
  return true;
}

// Of a call, not of each of its steps.
bool AiRunner::LimitRequests(AiStepRun& run) {
  if (!run.call->through_gateway() || run.index > 0) return false;
  const auto refusal = control_.limits.TakeRequest(*run.call->gateway);
  if (!refusal) return false;
  run.response = AiErrorResponse(*refusal);
  run.ends_call = true;
  return true;
}

bool AiRunner::LimitSpend(AiStepRun& run) {
  if (!run.call->through_gateway() || run.call->gateway->spend_rules.empty()) return false;
  const Json metadata = MetadataOf(run.settings());
  const auto refusal = control_.limits.RefuseSpender(
      *run.call->gateway, {run.target().provider, run.target().model, metadata}, knobs()->quirks);
  if (!refusal) return false;
  run.response = AiErrorResponse(*refusal);
  return true;
}

// Llama Guard takes its time. A rule for "ai.guard" puts it out of reach.
bool AiRunner::EvaluatorAnswers(AiStepRun& run) {
  SleepUnlessCancelled(runtime_, runtime_.Now() + std::chrono::milliseconds(kGuardMs),
                       run.caller_gone);
  if (run.note.probe) return true;
  const auto rule = faults_.Next(
      {"ai.guard", run.note.tenant, run.target().model, run.target().model, run.index, {}});
  if (rule) run.note.fault = rule->id;
  return !rule;
}

// Fills the response when one of the guards says no.
bool AiRunner::Refuse(AiStepRun& run, AiGuarded side, std::string_view text) {
  const AiGatewayConfig& gateway = *run.call->gateway;
  std::optional<AiError> refusal;
  if (IsGuarded(gateway, side))
    refusal = RefuseByGuardrails(gateway, side, text, EvaluatorAnswers(run));
  AiDlpFinding leak = ScanForLeaks(gateway, side, text);
  if (!leak.action.empty()) {
    run.dlp_action = std::move(leak.action);
    run.dlp_header = std::move(leak.header_json);
  }
  if (!refusal) refusal = std::move(leak.error);
  if (!refusal) return false;
  run.response = AiErrorResponse(*refusal);
  run.ends_call = true;
  return true;
}

bool AiRunner::GuardPrompt(AiStepRun& run) {
  return run.call->through_gateway() && Refuse(run, AiGuarded::kRequest, run.step().query_text);
}

// Streams are not supported: they pass unseen.
void AiRunner::GuardAnswer(AiStepRun& run) {
  if (run.response.body.is_stream()) return;
  const std::string text = run.response.body.bytes();
  if (Refuse(run, AiGuarded::kResponse, text)) run.from_model = false;
}

void AiRunner::AddHeaders(AiStepRun& run) {
  Headers& headers = run.response.headers;
  headers.Set("cf-aig-step", std::to_string(run.index));
  headers.Set("cf-aig-event-id", run.event_id);
  if (run.cache.ttl_seconds > 0) headers.Set("cf-aig-cache-status", run.cached ? "HIT" : "MISS");
  if (!run.dlp_header.empty()) headers.Set("cf-aig-dlp", run.dlp_header);
  if (run.resolved->walk == nullptr) return;
  headers.Set("cf-aig-model", run.target().model);
  headers.Set("cf-aig-provider", run.target().provider);
}

// When an answer is over: its cost is booked and its row written. Outlives the call.
struct AiRunner::Ending {
  std::shared_ptr<const AiCall> call;
  std::shared_ptr<const ResolvedStep> resolved;
  std::shared_ptr<AiUsage> usage;
  std::shared_ptr<const AiKnobs> knobs;
  AiLogRow row;
  bool logs = false, keeps_payload = false, streams = false;
};

void AiRunner::Book(const Ending& ending, std::int64_t picodollars) {
  const AiQuirks& quirks = ending.knobs->quirks;
  const AiTarget& target = ending.resolved->target;
  if (ending.resolved->walk != nullptr) ending.resolved->walk->Book(picodollars, quirks);
  if (ending.call->gateway->spend_rules.empty()) return;
  const Json metadata = MetadataOf(ending.resolved->step.settings);
  control_.limits.Book(*ending.call->gateway, {target.provider, target.model, metadata},
                       picodollars, quirks);
}

// Whether there is a row now.
bool AiRunner::Finish(Ending& ending, const std::string& response_bytes) {
  AiLogRow& row = ending.row;
  const AiSettings& settings = ending.resolved->step.settings;
  if (ending.usage->tokens_in + ending.usage->tokens_out > 0) {
    row.cost_picodollars = CostOf(settings, *ending.usage);
    row.custom_cost = settings.custom_cost.has_value();
    row.tokens_in = row.model == kUncountedIn ? 0 : ending.usage->tokens_in;
    row.tokens_out = ending.usage->tokens_out;
    Book(ending, row.cost_picodollars);
  }
  if (!ending.logs) return false;
  row.duration_ms = Ms(runtime_.Now() - ending.call->began);
  row.response_bytes = static_cast<std::int64_t>(response_bytes.size());
  if (ending.keeps_payload) {
    row.request = ending.resolved->step.query_text;
    row.response = response_bytes;
  }
  const AiQuirks& quirks = ending.knobs->quirks;
  return control_.logs.Append(*ending.call->gateway, row,
                              Ms(ending.streams ? quirks.stream_log_lag : quirks.log_lag));
}

void AiRunner::StoreInCache(const AiStepRun& run) {
  const bool wanted = run.cache.ttl_seconds > 0 && !run.cache.skips;
  if (!wanted || !run.from_model || run.response.body.is_stream()) return;
  AiCache::Answer answer{run.response.status, {}, run.response.body.bytes()};
  answer.headers.Set("content-type", run.response.headers.Get("content-type"));
  control_.cache.Store(run.cache, std::move(answer), runtime_.Wall().ms, knobs()->quirks);
}

// Keeps what is to be kept of the step and adds its headers. A stream's end is later.
void AiRunner::Settle(AiStepRun& run) {
  const AiSettings& settings = run.settings();
  StoreInCache(run);
  run.log_id = Ulid(runtime_.Wall().ms, random_);
  run.event_id = settings.event_id.empty() ? UuidFromBytes(random_.Bytes(16)) : settings.event_id;
  AddHeaders(run);
  auto ending = std::make_shared<Ending>(
      Ending{run.call, run.resolved, run.usage, knobs(), RowOf(run),
             settings.collect_log.value_or(run.call->gateway->collect_logs),
             settings.collect_log_payload.value_or(true), run.response.body.is_stream()});
  bool logged = ending->logs;
  if (ending->streams) {
    WhenBodyEnds(run.response, ending->logs ? kStreamPayloadBytes : 0,
                 [this, ending](const BodyEnd& end) { Finish(*ending, end.bytes); });
  } else {
    logged = Finish(*ending, run.response.body.bytes());
  }
  const bool tells =
      run.response.status != kOutOfCreditStatus || run.call->kind != AiCall::Kind::kRest;
  if (logged && tells) run.response.headers.Set("cf-aig-log-id", run.log_id);
}

}  // namespace mg::fake
