#include "fakes/body_end.h"

#include <algorithm>
#include <memory>
#include <utility>

namespace mg::fake {
namespace {

class WatchedBody final : public BodyStream {
 public:
  WatchedBody(std::shared_ptr<BodyStream> inner, std::size_t keep_bytes,
              std::function<void(const BodyEnd&)> ended)
      : inner_(std::move(inner)), keep_bytes_(keep_bytes), ended_(std::move(ended)) {}
  ~WatchedBody() override { Finish(); }

  Result<std::string> Next(Instant deadline) override {
    auto piece = inner_->Next(deadline);
    if (!piece) {
      end_.error = piece.error();
      Finish();
    } else if (piece->empty()) {
      end_.whole = true;
      Finish();
    } else {
      end_.bytes.append(*piece, 0, std::min(piece->size(), keep_bytes_ - end_.bytes.size()));
    }
    return piece;
  }

 private:
  void Finish() {
    if (ended_) std::exchange(ended_, nullptr)(end_);
  }

  const std::shared_ptr<BodyStream> inner_;
  const std::size_t keep_bytes_;
  std::function<void(const BodyEnd&)> ended_;
  BodyEnd end_;
};

}  // namespace

void WhenBodyEnds(Response& response, std::size_t keep_bytes,
                  std::function<void(const BodyEnd&)> ended) {
  if (!response.body.is_stream())
    return ended({true, std::nullopt, response.body.bytes().substr(0, keep_bytes)});
  const auto length = response.body.length();
  response.body = Body(
      std::make_shared<WatchedBody>(response.body.stream(), keep_bytes, std::move(ended)), length);
}

}  // namespace mg::fake
