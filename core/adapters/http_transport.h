// Transport over pooled connections: our codec over Poco's sockets, plain or TLS.
//
// A pooled connection that turns out to be closed before any byte of the answer came is retried
// once on a fresh one when the request may be repeated (GET, HEAD, PUT, DELETE, OPTIONS), else
// kUnknownOutcome. A Host header of the request is sent as it is; without one, the origin's
// authority. Redirects are answers. Certificates and names are verified for https.
#pragma once
#include <cstdint>
#include <memory>

#include "core/ports/runtime.h"
#include "core/ports/transport.h"

namespace mg {

struct HttpTransportOptions {
  std::int64_t connect_timeout_ms = 5'000;
  std::size_t idle_per_origin = 64;
  std::int64_t idle_ms = 30'000;  // a pooled connection older than this is closed, not reused
};

class HttpTransport final : public Transport {
 public:
  HttpTransport(HttpTransportOptions options, Runtime& runtime);
  ~HttpTransport() override;
  Result<Response> Send(const Request& request, const Deadlines& deadlines,
                        CancelToken& cancel) override;
  Result<Upgraded> Upgrade(const Request& request, const Deadlines& deadlines,
                           CancelToken& cancel) override;

 private:
  class Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace mg
