#include "fakes/fault_gate.h"

#include <utility>

#include "fakes/damage.h"
#include "fakes/fault_answers.h"

namespace mg::fake {
namespace {

constexpr std::string_view kRepeatable = "kv.get";  // the one operation that may answer stale
constexpr std::size_t kMostAnswers = 1000;

}  // namespace

class FaultGate::Point final : public FaultPoint {
 public:
  Point(FaultGate& gate, CancelToken& caller_gone) : gate_(gate), caller_gone_(caller_gone) {}

  std::optional<Response> Reached(CallNote& note) override {
    FaultedCall call{note.operation, note.tenant, note.model, note.subject, note.step, {}};
    std::optional<Answer> earlier;
    if (note.operation == kRepeatable) earlier = gate_.Earlier(note.subject);
    if (earlier) call.answered = earlier->given;
    rule_ = gate_.faults_.Next(call);
    honest_ = !rule_;
    if (!rule_) return std::nullopt;
    note.fault = rule_->id;
    if (!Wait(rule_->delay)) return DroppedConnection();
    if (rule_->hang) {
      Wait(kHang);
      return DroppedConnection();
    }
    if (rule_->reset == FaultRule::Reset::kBefore) return DroppedConnection();
    if (rule_->stale > Nanos::zero()) return std::move(earlier->response);
    if (rule_->status != 0 || !rule_->body.empty()) return FaultAnswer(*rule_, note.operation);
    after_ = true;
    return std::nullopt;
  }

  bool honest() const { return honest_; }  // the call got this far, and no rule met it
  void Finish(Response& response) {
    if (after_) Damage(*rule_, gate_.runtime_, caller_gone_, response);
  }

 private:
  // False when the caller went.
  bool Wait(Nanos duration) {
    if (duration <= Nanos::zero()) return true;
    return SleepUnlessCancelled(gate_.runtime_, gate_.runtime_.Now() + duration, caller_gone_);
  }

  FaultGate& gate_;
  CancelToken& caller_gone_;
  std::optional<FaultRule> rule_;
  bool honest_ = false;
  bool after_ = false;
};

Response FaultGate::Pass(CallNote& note, CancelToken& caller_gone,
                         const std::function<Response()>& call) {
  Point point(*this, caller_gone);
  note.point = &point;
  Response response = call();
  note.point = nullptr;
  point.Finish(response);
  if (point.honest() && note.operation == kRepeatable) Remember(note.subject, response);
  return response;
}

std::optional<FaultGate::Answer> FaultGate::Earlier(const std::string& key) {
  Lock lock(mutex_);
  const auto found = answers_.find(key);
  if (found == answers_.end()) return std::nullopt;
  return found->second;
}

void FaultGate::Remember(const std::string& key, const Response& response) {
  const bool wanted = faults_.WantsStale();
  const Instant now = runtime_.Now();
  Lock lock(mutex_);
  if (!wanted || answers_.size() >= kMostAnswers) answers_.clear();
  if (wanted) answers_.insert_or_assign(key, Answer{now, response});
}

}  // namespace mg::fake
