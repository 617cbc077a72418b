#include <algorithm>

#include "core/base/bytes.h"
#include "core/base/json.h"
#include "scenarios/run/execution.h"

namespace mg::scenario {
namespace {

constexpr std::string_view kAdmittedMark = "✓";
constexpr std::string_view kRefusedMark = "✗";
constexpr std::string_view kOtherMark = "!";

Nanos DurationAt(const JsoncNode& node, std::string_view key, Nanos fallback) {
  const JsoncNode* found = node.Find(key);
  return found == nullptr ? fallback : DurationOf(found->text).value_or(fallback);
}

// "-100ms" as well.
Nanos SignedDuration(std::string_view text) {
  const bool negative = !text.empty() && text.front() == '-';
  const Nanos size = DurationOf(negative ? text.substr(1) : text).value_or(Nanos::zero());
  return negative ? -size : size;
}

std::size_t CountAt(const JsoncNode& node, std::string_view key, std::size_t fallback) {
  const JsoncNode* found = node.Find(key);
  return found == nullptr ? fallback : static_cast<std::size_t>(found->number);
}

// Requests one after another in `concurrency` lanes; all of them at once when it is 0.
class Lanes {
 public:
  Lanes(Runtime& runtime, std::size_t count, Nanos every, std::size_t concurrency,
        std::function<void(std::size_t)> send)
      : runtime_(runtime), count_(count), every_(every), send_(std::move(send)) {
    const std::size_t lanes = concurrency == 0 ? count : std::min(count, concurrency);
    for (std::size_t i = 0; i < lanes; ++i)
      tasks_.push_back(runtime_.Spawn("client " + std::to_string(i), [this] { Run(); }));
  }
  void Join() {
    for (const auto& task : tasks_) task->Join();
  }

 private:
  void Run() {
    for (std::size_t i = Next(); i < count_; i = Next()) {
      const Instant start = began_ + every_ * static_cast<std::int64_t>(i);
      if (start > runtime_.Now()) runtime_.SleepUntil(start);
      send_(i);
    }
  }
  std::size_t Next() {
    const Lock lock(mutex_);
    return next_++;
  }

  Runtime& runtime_;
  const std::size_t count_;
  const Nanos every_;
  const std::function<void(std::size_t)> send_;
  const Instant began_ = runtime_.Now();
  Mutex mutex_;
  std::size_t next_ = 0;
  std::vector<std::unique_ptr<Task>> tasks_;
};

}  // namespace

Result<ClientCall> Execution::MadeCall(const JsoncNode& action, bool is_chat) {
  std::optional<Result<DraftedCall>> drafted;
  {
    const Lock lock(mutex_);
    drafted = is_chat ? DraftChat(action, variables_, target_.site())
                      : DraftRequest(action, variables_, target_.site());
  }
  if (!*drafted) return drafted->error();
  DraftedCall& made = **drafted;
  if (made.identity) {
    MG_TRY(token, TokenOf(*made.identity));
    if (!made.call.request.headers.Has("cookie"))
      made.call.request.headers.Set("cookie", "CF_Authorization=" + token);
  }
  return std::move(made.call);
}

Reply Execution::Send(ClientCall call) {
  ClientSaw saw;
  saw.host = std::string(call.request.headers.Get("host"));
  saw.path = std::string(call.request.Path());
  saw.from = call.from;
  Reply reply = Exchange(target_, std::move(call));
  saw.status = reply.status;
  saw.began = reply.began;
  saw.limit = ParseInt(reply.headers.Get("x-ratelimit-limit")).value_or(0);
  const Lock lock(mutex_);
  client_saw_.push_back(std::move(saw));
  return reply;
}

Execution::Checked Execution::DoRequest(const Step& step) {
  MG_TRY(call, MadeCall(*step.action, step.kind == StepKind::kChat));
  const std::string what = call.request.method + " " + call.request.target;
  const Reply answer = Send(std::move(call));
  MG_RETURN_IF_ERROR(answer.sent);
  Json reply = ReplyJson(answer);
  if (step.expect != nullptr) {
    if (auto wrong = Compare(*step.expect, reply, "answer-mismatch", what)) {
      if (reply.contains("json") || reply.contains("frames"))
        reply.erase("text");  // once is enough
      wrong->notes.push_back("the answer: " + Shown(reply));
      return wrong;
    }
  }
  MG_RETURN_IF_ERROR(Capture(step, reply));
  return std::optional<Failure>();
}

// The end of the fixed window that is open now, when windows open with an admitted request.
Instant Execution::WindowEnd(Nanos window) {
  const Lock lock(mutex_);
  std::vector<Instant> admitted;
  for (const ClientSaw& saw : client_saw_)
    if (saw.status != 429 && saw.limit > 0) admitted.push_back(saw.began);
  std::sort(admitted.begin(), admitted.end());
  Instant end = target_.runtime().Now();
  bool open = false;
  for (const Instant at : admitted) {
    if (open && at < end) continue;
    end = at + window;
    open = true;
  }
  return end;
}

Result<Instant> Execution::BurstStart(const JsoncNode& burst) {
  const Instant now = target_.runtime().Now();
  const JsoncNode* start = burst.Find("start");
  if (start == nullptr) return now;
  if (start->kind != JsoncNode::Kind::kObject)
    return now + DurationOf(start->text).value_or(Nanos::zero());
  const JsoncNode* offset = start->Find("offset");
  const Nanos shift = offset == nullptr ? Nanos::zero() : SignedDuration(offset->text);
  return WindowEnd(DurationAt(*start, "window", Nanos::zero())) + shift;
}

Result<std::vector<Reply>> Execution::SendBurst(const JsoncNode& burst) {
  const JsoncNode* chat = burst.Find("chat");
  const JsoncNode& action = chat != nullptr ? *chat : *burst.Find("request");
  MG_TRY(call, MadeCall(action, chat != nullptr));
  MG_TRY(start, BurstStart(burst));
  Runtime& runtime = target_.runtime();
  if (start > runtime.Now()) runtime.SleepUntil(start);
  const std::size_t count = CountAt(burst, "count", 1);
  std::vector<Reply> replies(count);
  Lanes lanes(runtime, count, DurationAt(burst, "every", Nanos::zero()),
              CountAt(burst, "concurrency", 0), [&](std::size_t i) { replies[i] = Send(call); });
  lanes.Join();
  for (const Reply& reply : replies) MG_RETURN_IF_ERROR(reply.sent);
  return replies;
}

Json Execution::BurstJson(const JsoncNode& burst, const std::vector<Reply>& replies) {
  std::map<std::string, int> statuses;
  int admitted = 0, refused = 0;
  std::string ribbon;
  const JsoncNode* start = burst.Find("start");
  const bool at_edge = start != nullptr && start->Find("window") != nullptr;
  const Nanos offset = at_edge && start->Find("offset")
                           ? SignedDuration(start->Find("offset")->text)
                           : Nanos::zero();
  const Instant edge = replies.empty() ? Instant{} : replies.front().began + -offset;
  Nanos took = Nanos::zero();
  for (std::size_t i = 0; i < replies.size(); ++i) {
    const Reply& reply = replies[i];
    ++statuses[reply.status == 0 ? reply.error : std::to_string(reply.status)];
    if (at_edge && i > 0 && replies[i - 1].began < edge && reply.began >= edge) ribbon += "|";
    const bool ok = reply.status != 0 && reply.status < 400;
    ribbon += ok ? kAdmittedMark : reply.status == 429 ? kRefusedMark : kOtherMark;
    admitted += reply.admitted() ? 1 : 0;
    refused += reply.status == 429 ? 1 : 0;
    took = std::max(took, reply.began + reply.took - replies.front().began);
  }
  return {{"statuses", statuses},
          {"admitted", admitted},
          {"refused", refused},
          {"ribbon", ribbon},
          {"took", DurationText(took)}};
}

Execution::Checked Execution::DoBurst(const Step& step) {
  MG_TRY(replies, SendBurst(*step.action));
  if (step.expect == nullptr) return std::optional<Failure>();
  const Json summary = BurstJson(*step.action, replies);
  for (const JsoncNode::Member& member : step.expect->members) {
    if (member.key == "each") continue;
    // The statuses are told whole: one that nobody expected is a difference too.
    const bool closed = member.key == "statuses";
    if (auto wrong = Compare(member.value, summary[member.key], "burst-mismatch", member.key))
      return wrong;
    if (closed && member.value.members.size() != summary["statuses"].size())
      return std::optional<Failure>(
          Wrong(member.value, "burst-mismatch", "statuses: actual " + Shown(summary["statuses"])));
  }
  const JsoncNode* each = step.expect->Find("each");
  for (std::size_t i = 0; each != nullptr && i < replies.size(); ++i) {
    if (auto wrong = Compare(*each, ReplyJson(replies[i]), "answer-mismatch",
                             "request " + std::to_string(i + 1) + " of the burst"))
      return wrong;
  }
  return std::optional<Failure>();
}

Execution::Checked Execution::DoTogether(const Step& step) {
  std::vector<Checked> results(step.together.size(), Checked(std::optional<Failure>()));
  std::vector<std::unique_ptr<Task>> tasks;
  Runtime& runtime = target_.runtime();
  const Instant began = runtime.Now();
  for (std::size_t i = 0; i < step.together.size(); ++i) {
    tasks.push_back(runtime.Spawn("together " + std::to_string(i + 1), [&, i] {
      const Step& one = step.together[i];
      if (one.after > Nanos::zero()) runtime.SleepUntil(began + one.after);
      results[i] = Do(one);
    }));
  }
  for (const auto& task : tasks) task->Join();
  for (Checked& result : results)
    if (!result || *result) return std::move(result);
  return std::optional<Failure>();
}

}  // namespace mg::scenario
