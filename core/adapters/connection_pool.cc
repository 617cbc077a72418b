#include "core/adapters/connection_pool.h"

#include <utility>

namespace mg {

std::unique_ptr<ClientSocket> ConnectionPool::Take(const std::string& origin) {
  while (true) {
    Idle found;
    {
      Lock lock(mutex_);
      const auto at = idle_.find(origin);
      if (at == idle_.end()) return nullptr;
      found = std::move(at->second.back());
      at->second.pop_back();
      if (at->second.empty()) idle_.erase(at);
    }
    if (runtime_.Now() - found.since < max_idle_ && found.socket->Quiet()) {
      return std::move(found.socket);
    }
  }
}

void ConnectionPool::Put(const std::string& origin, std::unique_ptr<ClientSocket> socket) {
  const Instant now = runtime_.Now();
  Idle surplus;  // closed after the lock is released
  std::vector<Idle> old;
  Lock lock(mutex_);
  std::deque<Idle>& sockets = idle_[origin];
  sockets.push_back({std::move(socket), now});
  if (sockets.size() > idle_per_origin_) {
    surplus = std::move(sockets.front());
    sockets.pop_front();
  }
  if (sockets.empty()) idle_.erase(origin);
  if (now >= next_clearing_) {
    next_clearing_ = now + max_idle_;
    old = RemoveOld(now);
  }
}

// Of all origins: one that is never asked again would keep its connections for ever.
std::vector<ConnectionPool::Idle> ConnectionPool::RemoveOld(Instant now) {
  std::vector<Idle> old;
  for (auto at = idle_.begin(); at != idle_.end();) {
    std::deque<Idle>& sockets = at->second;
    while (!sockets.empty() && now - sockets.front().since >= max_idle_) {
      old.push_back(std::move(sockets.front()));
      sockets.pop_front();
    }
    at = sockets.empty() ? idle_.erase(at) : std::next(at);
  }
  return old;
}

}  // namespace mg
