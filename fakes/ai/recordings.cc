#include "fakes/ai/recordings.h"

#include <functional>
#include <utility>

#include "core/base/digest.h"
#include "core/base/json.h"
#include "fakes/ai/completion.h"

namespace mg::fake {
namespace {

constexpr std::size_t kKeyDigits = 32;

std::string PathOf(const std::string& folder, const ModelAsked& asked) {
  return folder + "/" + RecordingKey(asked) + ".json";
}

std::string RecordingText(std::string_view model, const std::string& request_json,
                          const ModelAnswer& answer) {
  const auto request = ParseJson(request_json);
  const auto completion = ParseJson(CompletionOfAnswer(answer));
  const Json recording = {{"model", model},
                          {"request", request ? *request : Json()},
                          {"answer", completion ? *completion : Json()}};
  return recording.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

// Passes an answer on, and keeps it once all is said.
class Kept final : public SpokenAnswer {
 public:
  Kept(std::shared_ptr<SpokenAnswer> inner, std::function<void(const ModelAnswer&)> keep)
      : inner_(std::move(inner)), keep_(std::move(keep)) {}

  Result<std::optional<std::string>> Next(Instant deadline) override {
    auto words = inner_->Next(deadline);
    if (words && !*words && keep_) std::exchange(keep_, nullptr)(inner_->answer());
    return words;
  }
  const ModelAnswer& answer() const override { return inner_->answer(); }

 private:
  const std::shared_ptr<SpokenAnswer> inner_;
  std::function<void(const ModelAnswer&)> keep_;
};

}  // namespace

std::string RecordingKey(const ModelAsked& asked) {
  return Sha256Hex(std::string(asked.model) + "\n" + std::string(asked.request_json))
      .substr(0, kKeyDigits);
}

std::optional<ModelReply> AiRecorder::Answer(const ModelAsked& asked) {
  auto reply = from_->Answer(asked);
  if (!reply || reply->error || reply->late || reply->raw || !reply->gap.empty()) return reply;
  const auto keep = [path = PathOf(folder_, asked), model = std::string(asked.model),
                     request = std::string(asked.request_json),
                     &disk = disk_](const ModelAnswer& answer) {
    static_cast<void>(disk.Replace(path, RecordingText(model, request, answer)));
  };
  if (reply->spoken) {
    reply->spoken = std::make_shared<Kept>(std::move(reply->spoken), keep);
  } else {
    keep(reply->answer);
  }
  return reply;
}

std::optional<ModelReply> AiReplay::Answer(const ModelAsked& asked) {
  const std::string path = PathOf(folder_, asked);
  const auto text = disk_.Read(path);
  if (!text && text.error().code == Code::kNotFound) return std::nullopt;
  ModelReply reply;
  const auto json = text ? ParseJson(*text) : Result<Json>(text.error());
  const Json* completion = json ? Find(*json, "answer") : nullptr;
  auto answer = completion == nullptr ? Result<ModelAnswer>(Error{Code::kCorrupt, "", false})
                                      : AnswerOfCompletion(DumpJson(*completion));
  if (answer) {
    reply.answer = std::move(*answer);
  } else {
    reply.gap = "The recording " + path + " cannot be read";
  }
  return reply;
}

std::optional<ModelReply> NoOtherAnswer::Answer(const ModelAsked& asked) {
  ModelReply reply;
  reply.gap = "No recording answers this question (" + RecordingKey(asked) + ".json)";
  return reply;
}

}  // namespace mg::fake
