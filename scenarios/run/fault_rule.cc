#include "scenarios/run/fault_rule.h"

#include <chrono>
#include <utility>

#include "core/base/json.h"

namespace mg::scenario {
namespace {

// Reads a fault's members; the first that is wrong ends it.
class Reader {
 public:
  explicit Reader(const Json& json) : json_(json) {}

  Nanos Duration(const char* key, Nanos fallback) {
    const Json* found = Find(json_, key);
    return found == nullptr ? fallback : AsDuration(key, *found, fallback);
  }
  Nanos AsDuration(const char* key, const Json& value, Nanos fallback) {
    const auto duration =
        value.is_string() ? DurationOf(value.get<std::string>()) : std::optional<Nanos>();
    if (!duration) Fail(key, "must be a duration such as \"250ms\"");
    return duration.value_or(fallback);
  }
  std::int64_t Whole(const char* key, std::int64_t fallback) {
    const Json* found = Find(json_, key);
    if (found == nullptr) return fallback;
    if (!found->is_number_integer()) Fail(key, "must be a whole number");
    return IntAt(json_, key, fallback);
  }
  bool Flag(const char* key) {
    const Json* found = Find(json_, key);
    return found != nullptr && found->is_boolean() && found->get<bool>();
  }
  std::string Text(const char* key) { return StringAt(json_, key); }
  void Fail(const char* key, const std::string& what) {
    if (status_) status_ = Error{Code::kInvalid, std::string("\"") + key + "\" of a fault " + what};
  }
  const Status& status() const { return status_; }

 private:
  const Json& json_;
  Status status_ = Ok();
};

void ReadScope(const Json& where, fake::FaultScope& scope, Status& status) {
  Reader read(where);
  scope.tenant = read.Text("tenant");
  scope.model = read.Text("model");
  scope.key = read.Text("key");
  scope.step = static_cast<int>(read.Whole("step", -1));
  scope.attempt = static_cast<int>(read.Whole("attempt", -1));
  scope.from = read.Duration("from", scope.from);
  scope.until = read.Duration("until", scope.until);
  if (status) status = read.status();
}

// "6s", or {"median": "2s", "sigma": 0.5}
void ReadDelay(const Json& fault, Reader& read, fake::FaultRule& rule) {
  const Json* delay = Find(fault, "delay");
  if (delay == nullptr) return;
  if (!delay->is_object()) {
    rule.delay = read.AsDuration("delay", *delay, rule.delay);
    return;
  }
  if (const Json* median = Find(*delay, "median"))
    rule.delay = read.AsDuration("median", *median, rule.delay);
  rule.delay_sigma = delay->value("sigma", 0.0);
}

int TimesOf(const Json& fault, Reader& read) {
  const Json* times = Find(fault, "times");
  if (times != nullptr && times->is_string() && times->get<std::string>() == "always") return -1;
  return static_cast<int>(read.Whole("times", 1));
}

fake::FaultRule::Reset ResetOf(const std::string& word) {
  using Reset = fake::FaultRule::Reset;
  if (word == "before") return Reset::kBefore;
  return word == "after" ? Reset::kAfter : Reset::kNone;
}

fake::FaultRule::Then ThenOf(const std::string& word) {
  using Then = fake::FaultRule::Then;
  const std::pair<const char*, Then> words[] = {{"stall", Then::kStall}, {"cut", Then::kCut},
                                                {"end", Then::kEnd},     {"done", Then::kDone},
                                                {"error", Then::kError}, {"errors", Then::kErrors}};
  for (const auto& [known, then] : words)
    if (word == known) return then;
  return Then::kNone;
}

}  // namespace

Result<fake::FaultRule> FaultRuleOf(const JsoncNode& node, const Variables& variables) {
  MG_TRY(fault, Resolve(node, variables));
  Reader read(fault);
  fake::FaultRule rule;
  Status status = Ok();
  rule.id = read.Text("id");
  rule.operation = read.Text("on");
  if (const Json* where = Find(fault, "where")) ReadScope(*where, rule.where, status);
  rule.nth = static_cast<int>(read.Whole("nth", 1));
  rule.times = TimesOf(fault, read);
  rule.probability = fault.value("probability", 1.0);
  ReadDelay(fault, read, rule);
  rule.hang = read.Flag("hang");
  rule.status = static_cast<int>(read.Whole("status", 0));
  rule.code = read.Whole("code", 0);
  rule.body = read.Text("body");
  rule.retry_after_seconds =
      std::chrono::duration_cast<std::chrono::seconds>(read.Duration("retry_after", Nanos::zero()))
          .count();
  rule.reset = ResetOf(read.Text("reset"));
  rule.truncate_after_bytes = read.Whole("truncate_after", -1);
  rule.stall_after_bytes = read.Whole("stall_after", -1);
  rule.malformed = read.Flag("malformed");
  rule.content_type = read.Text("content_type");
  rule.after_chunks = read.Whole("after_chunks", -1);
  rule.then = ThenOf(read.Text("then"));
  if ((rule.after_chunks >= 0) != (rule.then != fake::FaultRule::Then::kNone))
    read.Fail("after_chunks", "comes with \"then\"");
  rule.stale = read.Duration("stale", Nanos::zero());
  rule.certs = read.Text("certs");
  MG_RETURN_IF_ERROR(status);
  MG_RETURN_IF_ERROR(read.status());
  return rule;
}

}  // namespace mg::scenario
