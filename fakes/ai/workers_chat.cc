// A model's answer to a chat: who says it, and how it is written down.
#include <utility>

#include "core/base/json.h"
#include "fakes/ai/builtin.h"
#include "fakes/ai/frames.h"
#include "fakes/ai/messages.h"
#include "fakes/ai/responses.h"
#include "fakes/ai/spoken.h"
#include "fakes/ai/stream.h"
#include "fakes/ai/workers.h"

namespace mg::fake {
namespace {

constexpr std::string_view kEventStream = "text/event-stream";

StreamVariant VariantOf(const AiModel& model, const ModelKnobs& knobs) {
  if (knobs.stream != StreamVariant::kByModel) return knobs.stream;
  return model.is_vllm ? StreamVariant::kZerosThenNative : StreamVariant::kPlain;
}

// A query of the other dialects becomes OpenAI's; the rest leave `translated` null.
std::optional<AiError> AsChatCompletion(const Json& query, AiDialect& dialect, Json& translated) {
  std::optional<AiError> wrong;
  if (dialect == AiDialect::kResponses) {
    wrong = ChatOfResponses(query, translated);
  } else if (dialect == AiDialect::kMessages) {
    wrong = ChatOfMessages(query, translated);
  } else {
    return std::nullopt;
  }
  dialect = AiDialect::kOpenAi;
  return wrong;
}

// Cut after each blank line, byte for byte.
std::vector<AiFrame> FramesOfBytes(std::string_view bytes) {
  std::vector<AiFrame> frames;
  while (!bytes.empty()) {
    std::size_t end = bytes.size();
    for (const std::string_view blank : {"\n\n", "\r\n\r\n", "\r\r"})
      if (const std::size_t at = bytes.find(blank); at != std::string_view::npos)
        end = std::min(end, at + blank.size());
    frames.push_back({std::string(bytes.substr(0, end)), 1});
    bytes.remove_prefix(end);
  }
  return frames;
}

}  // namespace

void AiWorkers::SetReplies(std::vector<std::shared_ptr<ReplySource>> sources) {
  Lock lock(mutex_);
  replies_.swap(sources);
}

std::optional<ModelReply> AiWorkers::Replied(AiStepRun& run, const ChatQuestion& question,
                                             const Json& query, Instant latest) {
  std::vector<std::shared_ptr<ReplySource>> sources;
  {
    Lock lock(mutex_);
    sources = replies_;
  }
  if (sources.empty()) return std::nullopt;
  const std::string request = OpenAiRequest(query, question);
  const ModelAsked asked{run.target().model, question, request, latest, run.caller_gone};
  for (const auto& source : sources)
    if (auto reply = source->Answer(asked)) return reply;
  return std::nullopt;
}

AiWorkers::Tried AiWorkers::Chat(AiStepRun& run, const ModelKnobs& knobs, Instant latest) {
  const AiTarget& target = run.target();
  ChatQuestion question;
  AiDialect dialect = target.dialect;
  Json translated;
  if (auto wrong = AsChatCompletion(*run.step().query, dialect, translated))
    return {AiErrorResponse(*wrong), false};
  const Json& query = translated.is_null() ? *run.step().query : translated;
  if (auto wrong = ReadQuestion(query, dialect, *target.known, question))
    return {AiErrorResponse(*wrong), false};
  auto reply = Replied(run, question, query, latest);
  if (!reply) {
    reply.emplace();
    reply->error = AnswerQuestion(target.model, question, reply->answer);
  }
  if (!reply->gap.empty()) return {AiGapResponse("ai.replay", reply->gap), false};
  if (reply->error)
    return {AiErrorResponse(*reply->error), IsRepeatable(reply->error->status, reply->error->code)};
  if (reply->late) return {Response(), true, "", Nanos::zero(), true};
  if (reply->raw) return Passed(*reply->raw, knobs, run.caller_gone);
  if (reply->spoken) return Spoken(run, knobs, std::move(reply->spoken));
  return Whole(run, knobs, question, std::move(reply->answer));
}

AiWorkers::Tried AiWorkers::Whole(AiStepRun& run, const ModelKnobs& knobs,
                                  const ChatQuestion& question, ModelAnswer answer) {
  const AiModel& model = *run.target().known;
  const StreamVariant variant = VariantOf(model, knobs);
  const bool streams = question.streams && variant != StreamVariant::kJsonAnswer;
  if (question.streams && !streams) answer = ModelAnswer();
  if (question.format != ChatQuestion::Format::kText && !answer.is_json) {
    const auto value = ParseJson(answer.text);  // another model was asked for JSON
    answer.is_json = value && value->is_structured();
  }
  AiVoice voice = VoiceOf(run.target(), knobs);
  if (knobs.usage_neurons)
    voice.neurons = NeuronsText(MicroNeurons(model, answer.tokens_in, answer.tokens_out));
  auto pace = std::make_unique<AiPace>(knobs.timing, load_, random_);
  Tried tried;
  tried.first_byte = pace->FirstToken();
  if (streams) {
    Nanos first_wait = Nanos::zero();
    if (knobs.timing.early_head) std::swap(first_wait, tried.first_byte);
    tried.response = TextResponse(200, "", kEventStream);
    tried.response.body = Body(PacedStream(FramesOf(answer, variant, voice, random_), first_wait,
                                           std::move(pace), runtime_, run.caller_gone));
  } else {
    tried.first_byte += pace->Tokens(answer.tokens_out - 1);
    tried.response = JsonResponse(200, AnswerBody(answer, voice));
  }
  run.usage->tokens_in = answer.tokens_in;
  run.usage->tokens_out = answer.tokens_out;
  return tried;
}

AiWorkers::Tried AiWorkers::Passed(const ModelReply::Raw& raw, const ModelKnobs& knobs,
                                   CancelToken& caller_gone) {
  Tried tried;
  tried.response = TextResponse(raw.status, raw.body, raw.content_type);
  auto pace = std::make_unique<AiPace>(knobs.timing, load_, random_);
  tried.first_byte = pace->FirstToken();
  if (std::string_view(raw.content_type).substr(0, kEventStream.size()) == kEventStream)
    tried.response.body = Body(PacedStream(FramesOfBytes(raw.body), Nanos::zero(), std::move(pace),
                                           runtime_, caller_gone));
  return tried;
}

AiWorkers::Tried AiWorkers::Spoken(AiStepRun& run, const ModelKnobs& knobs,
                                   std::shared_ptr<SpokenAnswer> spoken) {
  const AiModel& model = *run.target().known;
  const auto said = [usage = run.usage, &model](const ModelAnswer& answer) {
    usage->tokens_in = answer.tokens_in;
    usage->tokens_out = answer.tokens_out;
    usage->micro_neurons = MicroNeurons(model, answer.tokens_in, answer.tokens_out);
  };
  StreamVariant variant = VariantOf(model, knobs);
  if (variant == StreamVariant::kJsonAnswer) variant = StreamVariant::kPlain;
  Tried tried;
  tried.response = TextResponse(200, "", kEventStream);
  tried.response.body =
      Body(SpokenStream(std::move(spoken), variant, VoiceOf(run.target(), knobs), random_, said));
  return tried;
}

}  // namespace mg::fake
