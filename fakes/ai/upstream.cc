#include "fakes/ai/upstream.h"

#include <utility>

#include "core/base/bytes.h"
#include "core/base/json.h"
#include "core/http/message.h"
#include "fakes/ai/completion.h"

namespace mg::fake {
namespace {

constexpr std::size_t kMaxAnswerBytes = std::size_t{16} << 20;
constexpr std::string_view kEventStream = "text/event-stream";

// A short answer may have come whole.
class OnePiece final : public BodyStream {
 public:
  explicit OnePiece(std::string bytes) : bytes_(std::move(bytes)) {}
  Result<std::string> Next(Instant) override { return std::exchange(bytes_, {}); }

 private:
  std::string bytes_;
};

std::shared_ptr<BodyStream> StreamOf(const Body& body) {
  return body.is_stream() ? body.stream() : std::make_shared<OnePiece>(body.bytes());
}

// What the server says, as it says it.
class Spoken final : public SpokenAnswer {
 public:
  explicit Spoken(std::shared_ptr<BodyStream> body) : body_(std::move(body)) {}

  // The first words, or the end, must come before `deadline`.
  Status Begin(Instant deadline) {
    MG_TRY(words, Read(deadline));
    first_ = std::move(words);
    begun_ = true;
    return Ok();
  }

  Result<std::optional<std::string>> Next(Instant deadline) override {
    if (std::exchange(begun_, false)) return std::move(first_);
    return Read(deadline);
  }
  const ModelAnswer& answer() const override { return reader_.Finish(); }

 private:
  Result<std::optional<std::string>> Read(Instant deadline) {
    if (failure_) return *failure_;
    std::string words;
    while (words.empty()) {
      if (reader_.done()) return std::optional<std::string>();
      auto bytes = body_->Next(deadline);
      if (!bytes) return Fail(bytes.error());
      if (bytes->empty()) {
        if (reader_.finished()) return std::optional<std::string>();
        return Fail({Code::kUnknownOutcome, "the model's server broke off", true});
      }
      if (Status fed = reader_.Feed(*bytes, words); !fed) return Fail(fed.error());
    }
    return std::optional<std::string>(std::move(words));
  }
  Error Fail(Error error) {
    failure_ = error;
    return error;
  }

  const std::shared_ptr<BodyStream> body_;
  mutable CompletionReader reader_;
  std::optional<std::string> first_;
  bool begun_ = false;
  std::optional<Error> failure_;
};

std::string MessageOf(const std::string& body) {
  const auto json = ParseJson(body);
  const Json* error = json ? Find(*json, "error") : nullptr;
  if (error == nullptr) return "";
  return error->is_string() ? error->get<std::string>() : StringAt(*error, "message");
}

}  // namespace

AiUpstream::AiUpstream(AiUpstreamOptions options, Transport& transport, Runtime& runtime)
    : options_(std::move(options)), transport_(transport), runtime_(runtime) {
  const std::string& url = options_.url;
  const std::size_t scheme = url.find("://");
  const std::size_t slash = url.find('/', scheme == std::string::npos ? 0 : scheme + 3);
  origin_ = url.substr(0, slash);
  path_ = slash == std::string::npos ? "" : url.substr(slash);
  while (!path_.empty() && path_.back() == '/') path_.pop_back();
  path_ = (path_.empty() ? "/v1" : path_) + "/chat/completions";
}

std::optional<ModelReply> AiUpstream::Answer(const ModelAsked& asked) {
  Deadlines deadlines;
  deadlines.first_byte = asked.first_byte;
  auto answer = transport_.Send(RequestFor(asked), deadlines, asked.caller_gone);
  if (!answer) return Failure(answer.error(), asked);
  if (answer->status < 200 || answer->status >= 300) return Refusal(std::move(*answer), asked);
  const std::string_view type = answer->headers.Get("content-type");
  const bool streams =
      asked.question.streams && EqualsIgnoreCase(type.substr(0, kEventStream.size()), kEventStream);
  if (!streams) return Whole(std::move(*answer), asked);
  auto spoken = std::make_shared<Spoken>(StreamOf(answer->body));
  if (Status begun = spoken->Begin(asked.first_byte); !begun) return Failure(begun.error(), asked);
  ModelReply reply;
  reply.spoken = std::move(spoken);
  return reply;
}

Request AiUpstream::RequestFor(const ModelAsked& asked) const {
  Request request;
  request.method = "POST";
  request.origin = origin_;
  request.target = path_;
  request.headers = {{"content-type", "application/json"}, {"accept", "application/json"}};
  if (!options_.api_key.empty()) request.headers.Set("authorization", "Bearer " + options_.api_key);
  const std::string model = options_.model.empty() ? std::string(asked.model) : options_.model;
  std::string body = R"({"model":)" + DumpJson(Json(model));
  if (asked.question.streams) body += R"(,"stream":true,"stream_options":{"include_usage":true})";
  request.body = Body(body + "," + std::string(asked.request_json.substr(1)));
  return request;
}

ModelReply AiUpstream::Failure(const Error& error, const ModelAsked& asked) const {
  ModelReply reply;
  if (runtime_.Now() >= asked.first_byte) {
    reply.late = true;
  } else {
    reply.error = KnownAiError(error.code == Code::kCancelled ? 3008 : 2005);
  }
  return reply;
}

ModelReply AiUpstream::Whole(Response response, const ModelAsked& asked) const {
  const Status read = response.body.Buffer(kMaxAnswerBytes, asked.first_byte);
  if (!read) return Failure(read.error(), asked);
  ModelReply reply;
  auto answer = AnswerOfCompletion(response.body.bytes());
  if (!answer) return Failure(answer.error(), asked);
  reply.answer = std::move(*answer);
  return reply;
}

// A refusal of what was asked goes to the caller with its reason; the rest is the provider's
// failure.
ModelReply AiUpstream::Refusal(Response response, const ModelAsked& asked) const {
  const Status read = response.body.Buffer(kMaxAnswerBytes, asked.first_byte);
  if (!read) return Failure(read.error(), asked);
  const int status = response.status;
  ModelReply reply;
  if (status == 429 || status >= 500) {
    reply.error = ProviderError(status == 429 ? 429 : 500, 0);
  } else if (status == 400 || status == 404 || status == 422) {
    reply.error = KnownAiError(8007, MessageOf(response.body.bytes()));
  } else {
    reply.error = KnownAiError(2005);
  }
  return reply;
}

}  // namespace mg::fake
