#include "fakes/damage.h"

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace mg::fake {
namespace {

// No JSON, no XML, no UTF-8.
constexpr std::string_view kGarbage = "\xff\xfe{\"result\":[{\"<";

// The start of a body, and then an error or nothing more.
class BrokenBody final : public BodyStream {
 public:
  BrokenBody(std::string start, bool stalls, Runtime& runtime, CancelToken& caller_gone)
      : start_(std::move(start)), stalls_(stalls), runtime_(runtime), caller_gone_(caller_gone) {}

  Result<std::string> Next(Instant deadline) override {
    if (!start_.empty()) return std::exchange(start_, {});
    if (!stalls_ || broken_) return Broken("the body was cut short");
    const Instant until = std::min(deadline, runtime_.Now() + kHang);
    const bool waited = SleepUnlessCancelled(runtime_, until, caller_gone_);
    return Broken(waited ? "the body stalled" : "the caller went away");
  }

 private:
  Error Broken(const char* why) {
    broken_ = true;
    return {Code::kUnknownOutcome, why, true};
  }

  std::string start_;
  const bool stalls_;
  Runtime& runtime_;
  CancelToken& caller_gone_;
  bool broken_ = false;
};

}  // namespace

void Damage(const FaultRule& rule, Runtime& runtime, CancelToken& caller_gone, Response& response) {
  if (rule.reset == FaultRule::Reset::kAfter) response.drop_connection = true;
  const bool stalls = rule.stall_after_bytes >= 0;
  if (!stalls && rule.truncate_after_bytes < 0 && !rule.malformed) return;
  const std::string bytes = response.body.bytes();  // the fakes answer no streams
  if (bytes.empty()) {
    response.drop_connection = true;
    return;
  }
  if (rule.malformed) {
    response.body = std::string(kGarbage);
    return;
  }
  const auto wanted =
      static_cast<std::uint64_t>(stalls ? rule.stall_after_bytes : rule.truncate_after_bytes);
  const std::uint64_t kept = std::min<std::uint64_t>(wanted, bytes.size() - 1);
  auto broken = std::make_shared<BrokenBody>(bytes.substr(0, kept), stalls, runtime, caller_gone);
  response.body = Body(std::move(broken), bytes.size());
}

}  // namespace mg::fake
