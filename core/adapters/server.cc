#include "core/adapters/server.h"

#include <algorithm>
#include <system_error>
#include <utility>

#include "core/adapters/connection.h"
#include "core/adapters/parking.h"

namespace mg {

class Server::Impl {
 public:
  Impl(ServerOptions options, Handler& handler, Runtime& runtime, Log& log)
      : options_(std::move(options)),
        runtime_(runtime),
        log_(log),
        workers_ended_(runtime.MakeCondVar()),
        parking_({options_.max_connections, options_.idle_timeout_ms, options_.idle_worker_ms,
                  options_.tls},
                 runtime),
        context_{options_, handler, runtime, log, parking_, date_, [this] { KeepOneWaiting(); }} {}

  Status Start();
  void Stop(Instant drain_deadline);
  std::uint16_t port() const { return parking_.port(); }
  std::size_t connection_count() const { return parking_.size(); }
  int worker_count() const { return worker_count_; }

 private:
  void KeepOneWaiting();
  void AddWorker();
  void Work();
  bool MayGo();
  void EndWorker();

  static constexpr int kFirstWorkers = 2;

  const ServerOptions options_;
  Runtime& runtime_;
  Log& log_;
  Mutex mutex_;
  const std::unique_ptr<CondVar> workers_ended_;
  Parking parking_;
  DateLine date_;
  ConnectionContext context_;

  std::atomic<int> worker_count_{0};
  std::atomic<int> waiting_count_{0};  // those on their way to their first wait included
  bool running_ = false;               // Start and Stop come from one task
};

Status Server::Impl::Start() {
  MG_RETURN_IF_ERROR(parking_.Open(options_.host, options_.port));
  running_ = true;
  for (int i = 0; i < kFirstWorkers; ++i) AddWorker();
  return Ok();
}

// Hang-ups and new requests are noticed only while some worker waits for them.
void Server::Impl::KeepOneWaiting() {
  if (waiting_count_ > 0 || worker_count_ >= options_.max_workers) return;
  AddWorker();
}

void Server::Impl::AddWorker() {
  if (++worker_count_ > std::max(options_.max_workers, kFirstWorkers)) return EndWorker();
  ++waiting_count_;
  std::string failure;
  try {
    // The Task is dropped: Stop waits for worker_count_, and the Runtime for the thread.
    runtime_.Spawn(options_.name, [this] { Work(); });
    return;
  } catch (const std::system_error& e) {
    failure = e.what();
  }
  --waiting_count_;  // those that there are go on
  EndWorker();
  log_.Write(LogLevel::kError, "no_more_threads",
             {{"server", options_.name}, {"reason", std::move(failure)}});
}

void Server::Impl::Work() {
  while (true) {
    Parking::Turn turn = parking_.Next();
    if (turn.idle) {
      if (MayGo()) return EndWorker();
      continue;
    }
    --waiting_count_;
    if (turn.stopped) return EndWorker();
    for (auto& caller : turn.late) Connection(std::move(caller), context_).GiveUp();
    if (turn.caller) Connection(std::move(turn.caller), context_).TakeTurn();
    ++waiting_count_;
  }
}

// Takes one worker out of those that wait, unless few do.
bool Server::Impl::MayGo() {
  int waiting = waiting_count_;
  while (waiting > kFirstWorkers) {
    if (waiting_count_.compare_exchange_weak(waiting, waiting - 1)) return true;
  }
  return false;
}

// The last thing that a worker does here.
void Server::Impl::EndWorker() {
  const Lock lock(mutex_);
  if (--worker_count_ == 0) workers_ended_->NotifyAll();
}

void Server::Impl::Stop(Instant drain_deadline) {
  if (!std::exchange(running_, false)) return;
  parking_.Drain();
  if (!parking_.WaitUntilEmpty(drain_deadline)) parking_.HangUpOnAll();
  parking_.WaitUntilEmpty(kNever);  // workers must not stop before: they notice hang-ups
  parking_.Stop();
  Lock lock(mutex_);
  while (worker_count_ > 0) workers_ended_->WaitUntil(lock, kNever);
}

Server::Server(ServerOptions options, Handler& handler, Runtime& runtime, Log& log)
    : impl_(std::make_unique<Impl>(std::move(options), handler, runtime, log)) {}

Server::~Server() {
  impl_->Stop(Instant{});
}

Status Server::Start() {
  return impl_->Start();
}

std::uint16_t Server::port() const {
  return impl_->port();
}

void Server::Stop(Instant drain_deadline) {
  impl_->Stop(drain_deadline);
}

std::size_t Server::connection_count() const {
  return impl_->connection_count();
}

int Server::worker_count() const {
  return impl_->worker_count();
}

}  // namespace mg
