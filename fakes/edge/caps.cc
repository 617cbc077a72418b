#include "fakes/edge/caps.h"

#include <algorithm>
#include <utility>

namespace mg::fake {
namespace {

constexpr std::size_t kBytesPerLine = 4;  // ": " and the line's end

bool MayBeInHost(char c) {
  constexpr std::string_view kSigns = "._:-[]%~!$&'()*+,;=";
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         kSigns.find(c) != std::string_view::npos || static_cast<unsigned char>(c) > 0x7f;
}

class CappedBody final : public BodyStream {
 public:
  CappedBody(std::shared_ptr<BodyStream> inner, std::uint64_t limit,
             std::shared_ptr<std::atomic<bool>> exceeded)
      : inner_(std::move(inner)), left_(limit), exceeded_(std::move(exceeded)) {}

  Result<std::string> Next(Instant deadline) override {
    if (*exceeded_) return TooLarge();
    auto piece = inner_->Next(deadline);
    if (!piece) return piece;
    if (piece->size() > left_) {
      *exceeded_ = true;
      return TooLarge();
    }
    left_ -= piece->size();
    return piece;
  }

 private:
  static Error TooLarge() {
    return {Code::kExhausted, "the body is larger than the edge takes", false};
  }

  const std::shared_ptr<BodyStream> inner_;
  std::uint64_t left_;
  const std::shared_ptr<std::atomic<bool>> exceeded_;
};

}  // namespace

bool HostIsPlausible(const Headers& headers) {
  const std::string_view host = headers.Get("host");
  return headers.Count("host") == 1 && !host.empty() &&
         std::all_of(host.begin(), host.end(), MayBeInHost);
}

std::size_t HeaderBytes(const Headers& headers) {
  std::size_t bytes = 0;
  for (const Headers::Line& line : headers.lines())
    bytes += line.name.size() + line.value.size() + kBytesPerLine;
  return bytes;
}

BodyCap CapBody(Request& request, std::uint64_t limit) {
  BodyCap cap;
  const auto length = request.body.length();
  if (length) {
    *cap.exceeded_ = *length > limit;
  } else if (request.body.is_stream()) {
    request.body = Body(std::make_shared<CappedBody>(request.body.stream(), limit, cap.exceeded_));
  }
  return cap;
}

}  // namespace mg::fake
