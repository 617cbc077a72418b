// Outgoing connections that wait for their next request, by origin. Thread-safe.
#pragma once
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/adapters/client_socket.h"
#include "core/ports/runtime.h"

namespace mg {

class ConnectionPool {
 public:
  ConnectionPool(std::size_t idle_per_origin, Nanos max_idle, const Runtime& runtime)
      : idle_per_origin_(idle_per_origin), max_idle_(max_idle), runtime_(runtime) {}

  // The one that was used last and still looks open; null when there is none.
  std::unique_ptr<ClientSocket> Take(const std::string& origin);
  void Put(const std::string& origin, std::unique_ptr<ClientSocket> socket);
  const Runtime& runtime() const { return runtime_; }

 private:
  struct Idle {
    std::unique_ptr<ClientSocket> socket;
    Instant since;
  };

  std::vector<Idle> RemoveOld(Instant now);

  const std::size_t idle_per_origin_;
  const Nanos max_idle_;
  const Runtime& runtime_;
  Mutex mutex_;
  std::map<std::string, std::deque<Idle>> idle_;  // oldest first; no origin without any
  Instant next_clearing_{};
};

}  // namespace mg
