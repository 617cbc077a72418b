// Callers between requests: accepted, parked in one epoll set, handed to whichever worker waits,
// timed out. Knows nothing of HTTP.
//
// Thread-safety: all members from any worker. A caller is either parked here or busy, which means
// that one worker has it; the worker ends that with Park or Close.
// Time: deadlines are compared with Runtime::Now() by Sweep, which a timer in the epoll set calls
// four times a second; none is later than that.
#pragma once
#include <Poco/Net/ServerSocket.h>
#include <Poco/Net/StreamSocket.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/adapters/caller_io.h"
#include "core/adapters/tls_server.h"
#include "core/base/result.h"
#include "core/base/shares.h"
#include "core/http/message.h"
#include "core/ports/cancel.h"
#include "core/ports/runtime.h"

namespace mg {

// What a parked caller waits for.
enum class Wait {
  kRequest,   // its next request's first byte
  kRest,      // the rest of a request
  kTurn,      // its turn: bytes are here, but others come first
  kRoom,      // room for the rest of its answer
  kFarewell,  // the end of what it still sends, after an answer that closes
};

// One accepted connection. The members without underscore belong to the worker that has it.
class Caller {
 public:
  Caller(std::uint64_t id, Poco::Net::StreamSocket socket, std::unique_ptr<TlsSession> tls,
         Peer peer);
  Caller(const Caller&) = delete;
  Caller& operator=(const Caller&) = delete;

  int fd() const { return io_.fd(); }
  CallerIo& io() { return io_; }
  const Peer& peer() const { return peer_; }
  CancelToken& gone() { return gone_; }
  Wait waited_for() const { return wait_; }

  enum class After { kNextRequest, kFarewell, kClose };

  std::string input;               // received, not yet used
  std::size_t looked_at = 0;       // how much of `input` the head parser has seen
  std::size_t wanted = 0;          // how long `input` must be before another look is of use
  Instant give_up_at = kNever;     // on this head, counted from its first byte; on the farewell
  std::size_t farewell_bytes = 0;  // discarded since the farewell

  std::string output;  // the rest of an answer, whose first `sent` bytes have left
  std::size_t sent = 0;
  std::shared_ptr<const void> held;  // that answer's
  After after = After::kClose;       // what comes when all of it has left

 private:
  friend class Parking;
  enum class State { kParked, kBusy, kClosed };

  const std::uint64_t id_;
  Poco::Net::StreamSocket socket_;
  CallerIo io_;
  const Peer peer_;
  const std::string network_;  // whom it counts for
  CancelToken gone_;

  // Callers pass from worker to worker through epoll; this lock is what orders their memory.
  Mutex mutex_;
  State state_ = State::kBusy;
  Wait wait_ = Wait::kRequest;
  std::atomic<Nanos::rep> deadline_{kNever.since_start.count()};  // read by Sweep without the lock
};

class Parking {
 public:
  struct Options {
    std::size_t max_callers = 10'000;       // of which one client's network may be half
    std::int64_t idle_timeout_ms = 75'000;  // of a caller that has not sent its first byte
    int idle_turn_ms = 10'000;              // after so long without anything Next says so
    std::shared_ptr<TlsServer> tls = {};    // null: plain connections
  };
  // What a worker got: a caller with something to say, callers that were too slow, nothing for a
  // long while, or the end.
  struct Turn {
    std::shared_ptr<Caller> caller;
    std::vector<std::shared_ptr<Caller>> late;
    bool idle = false;
    bool stopped = false;
  };

  Parking(Options options, Runtime& runtime);
  ~Parking();
  Parking(const Parking&) = delete;
  Parking& operator=(const Parking&) = delete;

  // Errors: kUnavailable, naming the address.
  Status Open(const std::string& host, std::uint16_t port);
  std::uint16_t port() const { return port_; }

  // Waits for the next turn. Accepting, and cancelling the token of a busy caller that hung up,
  // happen in here.
  Turn Next();
  // From here to Park or Close, a hang-up cancels caller.gone(). `half_closed_too`: also when the
  // caller only said that it will send nothing more.
  void WatchForHangUp(Caller& caller, bool half_closed_too);
  void Park(const std::shared_ptr<Caller>& caller, Wait wait, Instant deadline);
  void Close(Caller& caller);

  // Takes parked callers whose deadline is not after `now`; they are busy now.
  std::vector<std::shared_ptr<Caller>> Sweep(Instant now);

  // Stops accepting, closes the parked ones and whoever is parked from now on, but for those that
  // wait for the rest of their answer.
  void Drain();
  bool draining() const { return draining_; }
  bool WaitUntilEmpty(Instant deadline);  // false at the deadline
  void HangUpOnAll();                     // cancels the busy ones and ends their connections
  void Stop();                            // every Next returns with `stopped`

  std::size_t size() const;

 private:
  void AcceptSome();
  void Admit(int fd, Peer peer);
  void ResumeAccepting();
  std::shared_ptr<Caller> Find(std::uint64_t id) const;
  std::shared_ptr<Caller> TakeTurn(std::uint64_t id, std::uint32_t events);
  std::vector<std::shared_ptr<Caller>> All() const;
  void Arm(int operation, int fd, std::uint64_t id, std::uint32_t events);

  const Options options_;
  Runtime& runtime_;
  const int epoll_fd_;
  const int wake_fd_;
  const int timer_fd_;
  std::uint16_t port_ = 0;
  std::atomic<bool> draining_{false};

  Mutex accept_mutex_;  // one accepts at a time
  Poco::Net::ServerSocket listener_;
  bool listening_ = false;
  std::atomic<bool> paused_{false};  // full, or out of descriptors

  mutable Mutex table_mutex_;
  Shares shares_;  // of max_callers, by network
  std::unique_ptr<CondVar> emptied_;
  // Events carry an id and never a pointer: one may still be on its way when a caller is closed.
  std::unordered_map<std::uint64_t, std::shared_ptr<Caller>> table_;
  std::uint64_t last_id_;
};

}  // namespace mg
