#include "fakes/ai/spoken.h"

#include <utility>
#include <vector>

namespace mg::fake {
namespace {

class Stream final : public BodyStream {
 public:
  Stream(std::shared_ptr<SpokenAnswer> spoken, StreamVariant variant, const AiVoice& voice,
         Random& random, std::function<void(const ModelAnswer&)> said)
      : spoken_(std::move(spoken)),
        writer_(MakeFrameWriter(variant, voice, 0, random)),
        said_(std::move(said)) {
    writer_->Begin(frames_);
  }

  Result<std::string> Next(Instant deadline) override {
    while (at_ == frames_.size() && !over_) MG_RETURN_IF_ERROR(Listen(deadline));
    if (at_ == frames_.size()) return std::string();
    return std::move(frames_[at_++].bytes);
  }

 private:
  Status Listen(Instant deadline) {
    frames_.clear();
    at_ = 0;
    MG_TRY(words, spoken_->Next(deadline));
    if (words) {
      if (!words->empty()) writer_->Text(*words, frames_);
      return Ok();
    }
    over_ = true;
    writer_->End(spoken_->answer(), frames_);
    said_(spoken_->answer());
    return Ok();
  }

  const std::shared_ptr<SpokenAnswer> spoken_;
  const std::unique_ptr<FrameWriter> writer_;
  const std::function<void(const ModelAnswer&)> said_;
  std::vector<AiFrame> frames_;
  std::size_t at_ = 0;
  bool over_ = false;
};

}  // namespace

std::shared_ptr<BodyStream> SpokenStream(std::shared_ptr<SpokenAnswer> spoken,
                                         StreamVariant variant, const AiVoice& voice,
                                         Random& random,
                                         std::function<void(const ModelAnswer&)> said) {
  return std::make_shared<Stream>(std::move(spoken), variant, voice, random, std::move(said));
}

}  // namespace mg::fake
