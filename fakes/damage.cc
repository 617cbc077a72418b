#include "fakes/damage.h"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "fakes/access/certs_damage.h"
#include "fakes/ai/errors.h"

namespace mg::fake {
namespace {

using Then = FaultRule::Then;

// No JSON, no XML, no UTF-8.
constexpr std::string_view kGarbage = "\xff\xfe{\"result\":[{\"<";
constexpr std::string_view kDone = "data: [DONE]\n\n";
constexpr std::uint64_t kAll = std::numeric_limits<std::uint64_t>::max();

class Once final : public BodyStream {
 public:
  explicit Once(std::string bytes) : bytes_(std::move(bytes)) {}
  Result<std::string> Next(Instant) override { return std::exchange(bytes_, {}); }

 private:
  std::string bytes_;
};

struct Place {
  std::uint64_t bytes = kAll;
  std::uint64_t chunks = kAll;
};

// A body up to a place, and what happens there.
class DamagedBody final : public BodyStream {
 public:
  DamagedBody(std::shared_ptr<BodyStream> inner, Place place, Then then, std::string last_words,
              Runtime& runtime, CancelToken& caller_gone)
      : inner_(std::move(inner)),
        left_(place),
        then_(then),
        last_words_(std::move(last_words)),
        runtime_(runtime),
        caller_gone_(caller_gone) {}

  Result<std::string> Next(Instant deadline) override {
    if (broken_) return *broken_;
    while (left_.bytes > 0 && left_.chunks > 0) {
      MG_TRY(piece, inner_->Next(deadline));
      if (piece.empty()) break;
      if (piece.size() > left_.bytes) piece.resize(static_cast<std::size_t>(left_.bytes));
      left_.bytes -= std::min<std::uint64_t>(left_.bytes, piece.size());
      --left_.chunks;
      return std::move(piece);
    }
    left_ = {0, 0};
    inner_.reset();
    if (then_ == Then::kCut) return Broken("the body was cut short");
    if (then_ != Then::kStall) return std::exchange(last_words_, {});
    const Instant until = std::min(deadline, runtime_.Now() + kHang);
    const bool waited = SleepUnlessCancelled(runtime_, until, caller_gone_);
    return Broken(waited ? "the body stalled" : "the caller went away");
  }

 private:
  Error Broken(const char* why) {
    broken_ = Error{Code::kUnknownOutcome, why, true};
    return *broken_;
  }

  std::shared_ptr<BodyStream> inner_;
  Place left_;
  const Then then_;
  std::string last_words_;  // before an orderly end
  Runtime& runtime_;
  CancelToken& caller_gone_;
  std::optional<Error> broken_;
};

std::string LastWords(const FaultRule& rule) {
  if (rule.then == Then::kDone) return std::string(kDone);
  const bool says_error = rule.then == Then::kError || rule.then == Then::kErrors;
  return says_error ? AiErrorFrame(rule.code, rule.then == Then::kErrors) : std::string();
}

}  // namespace

void Damage(const FaultRule& rule, Runtime& runtime, CancelToken& caller_gone, Response& response) {
  if (rule.reset == FaultRule::Reset::kAfter) response.drop_connection = true;
  if (!rule.content_type.empty()) response.headers.Set("content-type", rule.content_type);
  if (!rule.certs.empty()) DamageCerts(rule.certs, response);
  const bool stalls = rule.stall_after_bytes >= 0;
  const std::int64_t wanted = stalls ? rule.stall_after_bytes : rule.truncate_after_bytes;
  if (wanted < 0 && rule.after_chunks < 0 && !rule.malformed) return;
  const std::string& bytes = response.body.bytes();
  if (!response.body.is_stream() && bytes.empty()) {
    response.drop_connection = true;
    return;
  }
  if (rule.malformed) {
    response.body = std::string(kGarbage);
    return;
  }
  Place place;
  Then then = stalls ? Then::kStall : Then::kCut;
  if (wanted >= 0) place.bytes = static_cast<std::uint64_t>(wanted);
  if (rule.after_chunks >= 0) {
    place.chunks = static_cast<std::uint64_t>(rule.after_chunks);
    then = rule.then;
  }
  std::shared_ptr<BodyStream> inner = response.body.stream();
  const std::optional<std::uint64_t> length = response.body.length();
  if (!inner) {
    place.bytes = std::min<std::uint64_t>(place.bytes, bytes.size() - 1);
    inner = std::make_shared<Once>(bytes);
  }
  response.body = Body(std::make_shared<DamagedBody>(std::move(inner), place, then, LastWords(rule),
                                                     runtime, caller_gone),
                       length);
}

}  // namespace mg::fake
