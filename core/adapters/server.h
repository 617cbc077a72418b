// An HTTP/1.1 server: our codec over Poco's sockets, idle connections parked in one epoll set.
//
// Threads: starts with two workers; one more whenever none waits, up to max_workers; those that had
// nothing to do for a while end. Clients that are idle, send slowly or are slow to take a whole
// answer hold no worker; a request being answered, a stream and an upgraded connection hold one.
// Errors: Start is kUnavailable when the address is taken, naming it. An exception out of the
// handler is logged and answered 500.
#pragma once
#include <cstdint>
#include <memory>
#include <string>

#include "core/base/result.h"
#include "core/http/message.h"
#include "core/http/wire.h"
#include "core/ports/log.h"
#include "core/ports/runtime.h"

namespace mg {

class TlsServer;

struct ServerOptions {
  std::string name = "server";  // of its threads and log lines
  std::string host = "127.0.0.1";
  std::uint16_t port = 0;  // 0: a free one
  int max_workers = 64;
  std::size_t max_connections = 10'000;    // of which one client's network may hold half
  std::int64_t head_timeout_ms = 10'000;   // from a request's first byte to its whole head
  std::int64_t idle_timeout_ms = 75'000;   // between requests
  std::int64_t write_timeout_ms = 30'000;  // without progress
  std::int64_t body_timeout_ms = 30'000;   // between two reads of a body; a small one in all
  int idle_worker_ms = 10'000;  // without anything to do; then one that is not needed ends
  wire::Limits limits;
  std::shared_ptr<TlsServer> tls;  // null: plain connections
};

class Server {
 public:
  Server(ServerOptions options, Handler& handler, Runtime& runtime, Log& log);
  ~Server();  // stops at once when Stop was not called

  Status Start();
  std::uint16_t port() const;  // after Start
  // Stops accepting, closes idle connections, lets requests in flight finish until the deadline,
  // then cancels them. Returns when every worker has ended.
  void Stop(Instant drain_deadline);

  std::size_t connection_count() const;
  int worker_count() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace mg
