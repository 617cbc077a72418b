#include "core/adapters/parking.h"

#include <Poco/Exception.h>
#include <Poco/Net/SocketAddress.h>
#include <Poco/Net/StreamSocketImpl.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "core/adapters/socket_io.h"
#include "core/base/check.h"
#include "core/base/ip_address.h"

namespace mg {
namespace {

// Ids of what is in the epoll set besides callers.
constexpr std::uint64_t kListenerId = 0;
constexpr std::uint64_t kWakeId = 1;
constexpr std::uint64_t kTimerId = 2;

constexpr std::int64_t kSweepEveryMs = 250;
constexpr int kBacklog = 1024;
constexpr int kAcceptsPerTurn = 64;

constexpr std::uint32_t kHungUp = EPOLLRDHUP | EPOLLHUP | EPOLLERR;

Poco::Net::StreamSocket Adopt(int fd) {
  return Poco::Net::StreamSocket(new Poco::Net::StreamSocketImpl(fd));
}

int MakeTimer() {
  const int fd = ::timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
  itimerspec every{};
  every.it_interval.tv_nsec = kSweepEveryMs * 1'000'000;
  every.it_value = every.it_interval;
  ::timerfd_settime(fd, 0, &every, nullptr);
  return fd;
}

void CloseAll(Parking& parking, const std::vector<std::shared_ptr<Caller>>& callers) {
  for (const auto& caller : callers) parking.Close(*caller);
}

}  // namespace

Caller::Caller(std::uint64_t id, Poco::Net::StreamSocket socket, std::unique_ptr<TlsSession> tls,
               Peer peer)
    : id_(id),
      socket_(std::move(socket)),
      io_(socket_.impl()->sockfd(), std::move(tls)),
      peer_(std::move(peer)),
      network_(ClientNetwork(peer_.address)) {}

Parking::Parking(Options options, Runtime& runtime)
    : options_(options),
      runtime_(runtime),
      epoll_fd_(::epoll_create1(EPOLL_CLOEXEC)),
      wake_fd_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)),
      timer_fd_(MakeTimer()),
      shares_(options.max_callers),
      emptied_(runtime.MakeCondVar()),
      last_id_(kTimerId) {
  MG_CHECK(epoll_fd_ >= 0 && wake_fd_ >= 0 && timer_fd_ >= 0, "out of file descriptors");
  Arm(EPOLL_CTL_ADD, wake_fd_, kWakeId, EPOLLIN);  // level-triggered: wakes every worker
  Arm(EPOLL_CTL_ADD, timer_fd_, kTimerId, EPOLLIN | EPOLLET);  // one worker a tick
}

Parking::~Parking() {
  ::close(timer_fd_);
  ::close(wake_fd_);
  ::close(epoll_fd_);
}

Status Parking::Open(const std::string& host, std::uint16_t port) {
  Lock lock(accept_mutex_);
  try {
    const Poco::Net::SocketAddress address(host, port);
    // Poco's constructor would set SO_REUSEPORT, and a taken port would go unnoticed.
    listener_.bind(address, true, false);
    listener_.listen(kBacklog);
    listener_.setBlocking(false);
    listener_.setNoDelay(true);  // what it accepts inherits this
    port_ = listener_.address().port();
  } catch (const Poco::Exception& e) {
    return Error{Code::kUnavailable,
                 "cannot listen on " + host + ":" + std::to_string(port) + ": " + e.displayText()};
  }
  CloseOnExec(listener_.impl()->sockfd());
  listening_ = true;
  Arm(EPOLL_CTL_ADD, listener_.impl()->sockfd(), kListenerId, EPOLLIN | EPOLLONESHOT);
  return Ok();
}

void Parking::Arm(int operation, int fd, std::uint64_t id, std::uint32_t events) {
  epoll_event event{};
  event.events = events;
  event.data.u64 = id;
  // Fails only for a descriptor that is closed already, and then nothing is to be armed.
  ::epoll_ctl(epoll_fd_, operation, fd, &event);
}

Parking::Turn Parking::Next() {
  while (true) {
    epoll_event event{};  // one at a time: a second one would wait behind the first one's handler
    const int events = ::epoll_wait(epoll_fd_, &event, 1, options_.idle_turn_ms);
    MG_CHECK(events >= 0 || errno == EINTR, "epoll_wait failed");
    if (events < 0) continue;
    Turn turn;
    if (events == 0) {
      turn.idle = true;
      return turn;
    }
    switch (event.data.u64) {
      case kWakeId:
        turn.stopped = true;
        return turn;
      case kListenerId:
        AcceptSome();
        continue;
      case kTimerId: {
        std::uint64_t ticks = 0;
        if (::read(timer_fd_, &ticks, sizeof ticks) < 0) continue;  // another worker has it
        ResumeAccepting();
        turn.late = Sweep(runtime_.Now());
        if (turn.late.empty()) continue;
        return turn;
      }
      default:
        break;
    }
    turn.caller = TakeTurn(event.data.u64, event.events);
    if (turn.caller) return turn;
  }
}

std::shared_ptr<Caller> Parking::TakeTurn(std::uint64_t id, std::uint32_t events) {
  std::shared_ptr<Caller> caller = Find(id);
  if (!caller) return nullptr;
  {
    Lock lock(caller->mutex_);
    if (caller->state_ == Caller::State::kParked) {
      caller->state_ = Caller::State::kBusy;
      return caller;
    }
  }
  // Busy: news from before its worker took it, or that it hung up meanwhile.
  if ((events & kHungUp) != 0) caller->gone_.Cancel();
  return nullptr;
}

void Parking::AcceptSome() {
  Lock lock(accept_mutex_);
  if (!listening_) return;
  const int listener = listener_.impl()->sockfd();
  for (int i = 0; i < kAcceptsPerTurn; ++i) {
    if (size() >= options_.max_callers) {
      paused_ = true;
      // One may have been closed just before it could see the pause.
      if (size() >= options_.max_callers) return;
      paused_ = false;
    }
    sockaddr_storage from{};
    socklen_t length = sizeof from;
    auto* address = reinterpret_cast<sockaddr*>(&from);
    const int fd = ::accept4(listener, address, &length, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) {
      if (errno == EINTR || errno == ECONNABORTED) continue;
      if (errno == EAGAIN || errno == EWOULDBLOCK) break;
      paused_ = true;  // out of descriptors or memory: the next tick tries again
      return;
    }
    Admit(fd, Peer{Poco::Net::SocketAddress(address, length).host().toString(), false});
  }
  Arm(EPOLL_CTL_MOD, listener, kListenerId, EPOLLIN | EPOLLONESHOT);
}

void Parking::Admit(int fd, Peer peer) {
  Poco::Net::StreamSocket socket = Adopt(fd);
  std::unique_ptr<TlsSession> tls;
  if (options_.tls) {
    auto session = options_.tls->Accept();
    if (!session) return;
    tls = std::move(*session);
  }
  std::shared_ptr<Caller> caller;
  {
    Lock lock(table_mutex_);
    caller =
        std::make_shared<Caller>(++last_id_, std::move(socket), std::move(tls), std::move(peer));
    // Hung up on at once: accepted and left alone, it would take the place of somebody else's.
    if (!shares_.Take(caller->network_)) return;
    table_.emplace(caller->id_, caller);
  }
  const Instant idle = runtime_.Now() + std::chrono::milliseconds(options_.idle_timeout_ms);
  Lock lock(caller->mutex_);
  caller->state_ = Caller::State::kParked;
  caller->deadline_ = idle.since_start.count();
  Arm(EPOLL_CTL_ADD, fd, caller->id_, EPOLLIN | EPOLLONESHOT);
}

void Parking::ResumeAccepting() {
  if (!paused_ || size() >= options_.max_callers) return;
  Lock lock(accept_mutex_);
  if (!listening_ || !paused_) return;
  paused_ = false;
  Arm(EPOLL_CTL_MOD, listener_.impl()->sockfd(), kListenerId, EPOLLIN | EPOLLONESHOT);
}

void Parking::WatchForHangUp(Caller& caller, bool half_closed_too) {
  Lock lock(caller.mutex_);
  std::uint32_t events = EPOLLONESHOT;  // a whole hang-up is reported in any case
  if (half_closed_too) events |= EPOLLRDHUP;
  Arm(EPOLL_CTL_MOD, caller.fd(), caller.id_, events);
}

void Parking::Park(const std::shared_ptr<Caller>& caller, Wait wait, Instant deadline) {
  {
    Lock lock(caller->mutex_);
    if (!draining_ || wait == Wait::kRoom) {
      caller->state_ = Caller::State::kParked;
      caller->wait_ = wait;
      caller->deadline_ = deadline.since_start.count();
      // A socket can nearly always be written to: for kTurn that event comes at once, behind those
      // of others.
      const bool writes = wait == Wait::kTurn || wait == Wait::kRoom;
      const std::uint32_t event = writes ? EPOLLOUT : EPOLLIN;
      Arm(EPOLL_CTL_MOD, caller->fd(), caller->id_, event | EPOLLONESHOT);
      return;
    }
  }
  Close(*caller);
}

void Parking::Close(Caller& caller) {
  {
    Lock lock(caller.mutex_);
    if (caller.state_ == Caller::State::kClosed) return;
    caller.state_ = Caller::State::kClosed;
  }
  caller.socket_.close();
  std::shared_ptr<Caller> removed;  // ends after the lock does
  {
    Lock lock(table_mutex_);
    const auto found = table_.find(caller.id_);
    if (found == table_.end()) return;
    removed = std::move(found->second);
    table_.erase(found);
    shares_.Give(caller.network_);
    if (table_.empty()) emptied_->NotifyAll();
  }
  ResumeAccepting();
}

std::vector<std::shared_ptr<Caller>> Parking::Sweep(Instant now) {
  std::vector<std::shared_ptr<Caller>> late;
  {
    Lock lock(table_mutex_);
    for (const auto& [id, caller] : table_) {
      if (caller->deadline_ <= now.since_start.count()) late.push_back(caller);
    }
  }
  std::vector<std::shared_ptr<Caller>> taken;
  for (auto& caller : late) {
    Lock lock(caller->mutex_);
    if (caller->state_ != Caller::State::kParked) continue;
    if (caller->deadline_ > now.since_start.count()) continue;
    caller->state_ = Caller::State::kBusy;
    taken.push_back(caller);
  }
  return taken;
}

void Parking::Drain() {
  {
    Lock lock(accept_mutex_);
    draining_ = true;
    listening_ = false;
    listener_.close();
  }
  std::vector<std::shared_ptr<Caller>> parked;
  for (auto& caller : All()) {
    Lock lock(caller->mutex_);
    if (caller->state_ != Caller::State::kParked || caller->wait_ == Wait::kRoom) continue;
    caller->state_ = Caller::State::kBusy;
    parked.push_back(caller);
  }
  CloseAll(*this, parked);
}

bool Parking::WaitUntilEmpty(Instant deadline) {
  Lock lock(table_mutex_);
  while (!table_.empty() && runtime_.Now() < deadline) emptied_->WaitUntil(lock, deadline);
  return table_.empty();
}

void Parking::HangUpOnAll() {
  for (const auto& caller : All()) {
    caller->gone_.Cancel();
    Lock lock(caller->mutex_);
    if (caller->state_ != Caller::State::kClosed) ::shutdown(caller->fd(), SHUT_RDWR);
  }
}

void Parking::Stop() {
  const std::uint64_t one = 1;
  // Fails only when the counter is full, and then it wakes everybody already.
  [[maybe_unused]] const ssize_t written = ::write(wake_fd_, &one, sizeof one);
}

std::size_t Parking::size() const {
  Lock lock(table_mutex_);
  return table_.size();
}

std::shared_ptr<Caller> Parking::Find(std::uint64_t id) const {
  Lock lock(table_mutex_);
  const auto found = table_.find(id);
  return found == table_.end() ? nullptr : found->second;
}

std::vector<std::shared_ptr<Caller>> Parking::All() const {
  Lock lock(table_mutex_);
  std::vector<std::shared_ptr<Caller>> all;
  all.reserve(table_.size());
  for (const auto& [id, caller] : table_) all.push_back(caller);
  return all;
}

}  // namespace mg
