#include "scenarios/sim/sim_runtime.h"

#include <utility>

#include "core/base/check.h"
#include "scenarios/sim/engine.h"

namespace mg::sim {

class SimRuntime::Handle final : public Task {
 public:
  Handle(Engine& runtime, std::shared_ptr<SimTask> task)
      : runtime_(runtime), task_(std::move(task)) {}

  void Join() override {
    MG_CHECK(!joined_, task_->name + " is joined twice");
    runtime_.Join(task_);
    joined_ = true;  // not when the wait threw: a destructor may then try again
  }

 private:
  Engine& runtime_;
  std::shared_ptr<SimTask> task_;
  bool joined_ = false;
};

class SimRuntime::SimCondVar final : public CondVar {
 public:
  explicit SimCondVar(Engine& runtime) : runtime_(runtime) {}
  ~SimCondVar() override { Engine::Abandon(waiters_); }

  // After the wait nothing of this object is touched: its owner may have gone in a cancelled run.
  void WaitUntil(Lock& held, Instant deadline) override {
    runtime_.WaitOn(waiters_, held, deadline);
  }
  void NotifyOne() override { runtime_.WakeOne(waiters_); }
  void NotifyAll() override { runtime_.WakeAll(waiters_); }

 private:
  Engine& runtime_;
  WaitList waiters_;
};

SimRuntime::SimRuntime(SimOptions options) : engine_(std::make_unique<Engine>(options)) {}
SimRuntime::~SimRuntime() = default;

Instant SimRuntime::Now() const {
  return engine_->now();
}
WallTime SimRuntime::Wall() const {
  return engine_->wall();
}
void SimRuntime::SleepUntil(Instant t) {
  engine_->Sleep(t);
}

std::unique_ptr<Task> SimRuntime::Spawn(std::string_view name, std::function<void()> body) {
  return std::make_unique<Handle>(*engine_, engine_->Add(name, std::move(body)));
}

std::unique_ptr<CondVar> SimRuntime::MakeCondVar() {
  return std::make_unique<SimCondVar>(*engine_);
}
void SimRuntime::Run(std::function<void()> root) {
  engine_->Run(std::move(root));
}
std::any& SimRuntime::Context() {
  return engine_->context();
}
std::uint64_t SimRuntime::TraceHash() const {
  return engine_->trace_hash();
}
std::uint64_t SimRuntime::Switches() const {
  return engine_->switches();
}

}  // namespace mg::sim
