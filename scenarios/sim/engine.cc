#include "scenarios/sim/engine.h"

#include <algorithm>

#include "core/base/check.h"

namespace mg::sim {

Engine::~Engine() {
  cancelling_ = true;  // the bodies that never started may join each other as they go
  while (!living_.empty()) {
    const auto task = living_.front();
    task->body = nullptr;
    task->state = SimTask::State::kDone;
    living_.erase(task->place);
  }
}

void Engine::Run(std::function<void()> root) {
  MG_CHECK(root_ == nullptr, "a Run inside a Run");
  cores_ = CoreSet::OfThisThread();
  Worker& worker = TakeWorker();  // first: when there is none, nothing has happened yet
  root_ = Add("root", std::move(root)).get();
  SimTask& first = Next();
  first.worker = &worker;
  current_ = &first;
  ++switches_;
  worker.Start(*this, cores_);
  finished_.Await();
  cancelling_ = root_ended_ = false;
  if (const auto failure = std::exchange(failure_, nullptr)) std::rethrow_exception(failure);
}

std::shared_ptr<SimTask> Engine::Add(std::string_view name, std::function<void()> body) {
  auto task = std::make_shared<SimTask>();
  task->name = name;
  task->body = std::move(body);
  task->context = context();
  task->place = living_.insert(living_.end(), task);
  scheduler_.AddReady(*task);
  return task;
}

void Engine::Work(Worker& self) {
  while (true) {
    RunBody(*current_);
    End(*current_);
    if (living_.empty()) {
      root_ = nullptr;
      ReturnWorker(self);
      finished_.Pass();
      return;
    }
    SimTask& next = Next();
    current_ = &next;
    if (next.worker != nullptr) {
      ReturnWorker(self);
      SwitchTo(next);
      return;
    }
    next.worker = &self;  // one that has not started yet needs no other thread than this
  }
}

void Engine::RunBody(SimTask& task) {
  try {
    if (!cancelling_) task.body();
  } catch (const Cancelled&) {
  } catch (...) {
    Fail(std::current_exception());
  }
}

void Engine::End(SimTask& task) {
  task.ending = true;
  task.body = nullptr;  // what it captured goes before the task counts as ended
  std::exchange(task.context, {}).reset();
  task.state = SimTask::State::kDone;
  WakeAll(task.joiners);
  root_ended_ = root_ended_ || &task == root_;
  current_ = nullptr;
  living_.erase(task.place);
}

SimTask& Engine::EnterWait(WaitKind kind, Instant deadline, int locks_allowed) {
  MG_CHECK(current_ != nullptr, "a wait outside Run");
  SimTask& me = *current_;
  const bool unwinding = std::uncaught_exceptions() > 0;
  me.in_destructor = unwinding || me.ending;
  me.given_up = false;
  if (cancelling_ && !me.in_destructor) throw Cancelled{};
  me.wait = kind;
  me.deadline = deadline;
  if (Mutex::HeldByThisThread() != locks_allowed) {
    throw BlockedUnderLock(me.name + " would wait for " + WaitText(me) + " while it holds " +
                           (locks_allowed == 0 ? "a Mutex" : "another Mutex"));
  }
  if (!cancelling_) me.failing_already = unwinding;
  return me;
}

void Engine::Block(SimTask& me) {
  Worker& worker = *me.worker;
  if (me.state == SimTask::State::kRunning) me.state = SimTask::State::kWaiting;
  SimTask* next = &Next();
  while (next->worker == nullptr && !GiveWorker(*next)) {
    scheduler_.AddReady(*next);
    next->state = SimTask::State::kReady;
    next = &Next();  // comes to a task with a thread in the end: this one is ready now
  }
  if (next != &me) {
    SwitchTo(*next);
    worker.baton.Await();
  }
  if (cancelling_ && !me.in_destructor) throw Cancelled{};
}

void Engine::SwitchTo(SimTask& next) {
  current_ = &next;
  ++switches_;
  Worker& worker = *next.worker;
  if (next.wait == WaitKind::kStart) {
    worker.Start(*this, cores_);
  } else {
    worker.baton.Pass();
  }
}

bool Engine::GiveWorker(SimTask& task) {
  try {
    task.worker = &TakeWorker();
    return true;
  } catch (const std::exception&) {
    Fail(std::current_exception());
    return false;
  }
}

SimTask& Engine::Next() {
  while (scheduler_.NoneReady()) {
    if (root_ended_ && !cancelling_) {
      Fail(std::make_exception_ptr(LeftOver(ReportOf("left over"))));
    } else if (timers_.empty()) {
      Unstick();
    } else {
      JumpToEarliestTimer();
    }
  }
  SimTask& task = scheduler_.TakeReady();
  Choose(task);
  return task;
}

void Engine::Choose(SimTask& task) {
  task.state = SimTask::State::kRunning;
  trace_.Add(task.name);
  trace_.Add(static_cast<std::uint64_t>(now_.since_start.count()));
}

// One wake voids every other reason to wake.
void Engine::MakeReady(SimTask& task) {
  if (task.wait_list != nullptr) std::erase(*std::exchange(task.wait_list, nullptr), &task);
  if (task.timer_order != 0) timers_.erase({task.deadline, std::exchange(task.timer_order, 0)});
  task.state = SimTask::State::kReady;
  scheduler_.AddReady(task);
}

void Engine::StandIn(WaitList& waiters, SimTask& task) {
  waiters.push_back(&task);
  task.wait_list = &waiters;
}

void Engine::SetTimer(SimTask& task) {
  if (task.deadline == kNever) return;
  task.timer_order = ++timers_set_;
  timers_.emplace(std::pair(task.deadline, task.timer_order), &task);
}

void Engine::JumpToEarliestTimer() {
  now_ = EarliestTimer();
  while (!timers_.empty() && EarliestTimer() == now_) MakeReady(*timers_.begin()->second);
}

Instant Engine::EarliestTimer() const {
  return timers_.empty() ? kNever : timers_.begin()->first.first;
}

void Engine::Sleep(Instant t) {
  SimTask& me = EnterWait(WaitKind::kSleep, t, 0);
  if (!root_ended_ && scheduler_.NoneReady() &&
      t < EarliestTimer()) {  // alone: what Block would come to
    now_ = std::max(now_, t);
    Choose(me);
    return;
  }
  if (t <= now_) {
    MakeReady(me);
  } else {
    SetTimer(me);
  }
  Block(me);
}

void Engine::Join(const std::shared_ptr<SimTask>& task) {
  const bool done = task->state == SimTask::State::kDone;
  if (current_ == nullptr && (done || cancelling_ || std::uncaught_exceptions() > 0)) return;
  if (current_ != nullptr) current_->joining = task.get();
  SimTask& me = EnterWait(WaitKind::kJoin, kNever, 0);
  if (done) return;
  StandIn(task->joiners, me);
  Block(me);
}

void Engine::WaitOn(WaitList& waiters, Lock& held, Instant deadline) {
  MG_CHECK(held.owns_lock(), "a wait without its lock");
  SimTask& me = EnterWait(WaitKind::kCondVar, deadline, 1);
  if (deadline <= now_ || scheduler_.WakesForNoReason()) {
    MakeReady(me);
  } else {
    StandIn(waiters, me);
    SetTimer(me);
  }
  held.unlock();
  Block(me);
  // Its loop would turn for ever. From a destructor this ends the process, with the report.
  if (me.given_up) throw Deadlock(ReportOf("a destructor waits for ever"));
  held.lock();  // free: nobody waits while holding a Mutex
}

void Engine::WakeOne(WaitList& waiters) {
  if (!waiters.empty()) MakeReady(scheduler_.Waiter(waiters));
}

void Engine::WakeAll(WaitList& waiters) {
  WaitList woken;
  woken.swap(waiters);
  Abandon(woken);
  for (SimTask* task : woken) MakeReady(*task);
}

void Engine::Abandon(WaitList& waiters) {
  for (SimTask* task : waiters) task->wait_list = nullptr;
}

// The first failure is the one to tell, unless a task was unwinding by its own before.
void Engine::Fail(std::exception_ptr failure) {
  const bool older = current_ != nullptr && current_->failing_already;
  if (failure_ == nullptr || older) failure_ = std::move(failure);
  if (cancelling_) return;
  cancelling_ = true;
  for (const auto& task : living_) {
    if (task->state == SimTask::State::kWaiting && !task->in_destructor) MakeReady(*task);
  }
}

// Nothing is ready and no timer runs: makes at least one task ready.
void Engine::Unstick() {
  if (!cancelling_) {
    Fail(std::make_exception_ptr(Deadlock(ReportOf("deadlock"))));
    return;
  }
  // Left are the waits of destructors. Joins go first: they can just return.
  const auto returns = [](const auto& task) { return task->wait != WaitKind::kCondVar; };
  const auto it = std::find_if(living_.begin(), living_.end(), returns);
  SimTask& task = it == living_.end() ? *living_.front() : **it;
  task.given_up = true;
  MakeReady(task);
}

}  // namespace mg::sim
