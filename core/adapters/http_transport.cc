#include "core/adapters/http_transport.h"

#include <Poco/Net/Context.h>

#include <algorithm>
#include <utility>

#include "core/adapters/client_exchange.h"
#include "core/adapters/connection_pool.h"
#include "core/adapters/origin.h"
#include "core/http/message.h"
#include "core/http/wire.h"

namespace mg {

class HttpTransport::Impl {
 public:
  Impl(HttpTransportOptions options, Runtime& runtime)
      : options_(options),
        runtime_(runtime),
        pool_(std::make_shared<ConnectionPool>(
            options.idle_per_origin, std::chrono::milliseconds(options.idle_ms), runtime)) {}

  // An exchange whose head has arrived.
  Result<ClientExchange> Begin(const Request& request, const Deadlines& deadlines,
                               CancelToken& cancel);
  Result<Response> Finish(ClientExchange& exchange, const Request& request) {
    return exchange.TakeResponse(pool_, request.origin);
  }
  const Runtime& runtime() const { return runtime_; }

 private:
  Result<std::unique_ptr<ClientSocket>> Connect(const Origin& origin, const Deadlines& deadlines,
                                                CancelToken& cancel);
  Result<Poco::Net::Context*> TlsContext();

  const HttpTransportOptions options_;
  Runtime& runtime_;
  const std::shared_ptr<ConnectionPool> pool_;
  Mutex tls_mutex_;
  Poco::Net::Context::Ptr tls_context_;  // made for the first https request: it reads all the CAs
};

Result<ClientExchange> HttpTransport::Impl::Begin(const Request& request,
                                                  const Deadlines& deadlines, CancelToken& cancel) {
  if (cancel.cancelled()) return Error{Code::kCancelled, "cancelled before sending"};
  MG_TRY(origin, ParseOrigin(request.origin));
  const std::string_view host = request.headers.Has("host") ? request.headers.Get("host")
                                                            : std::string_view(origin.authority);
  MG_TRY(head_text, wire::RequestHeadText(request, host));
  if (std::unique_ptr<ClientSocket> pooled = pool_->Take(request.origin)) {
    ClientExchange exchange(std::move(pooled), request, deadlines, cancel, runtime_);
    const Status done = exchange.Run(head_text);
    if (done) return exchange;
    const bool repeatable = IsIdempotent(request.method) && !request.body.is_stream();
    if (!repeatable || !exchange.ended_unanswered()) return done.error();
  }
  MG_TRY(socket, Connect(origin, deadlines, cancel));
  ClientExchange exchange(std::move(socket), request, deadlines, cancel, runtime_);
  MG_RETURN_IF_ERROR(exchange.Run(head_text));
  return exchange;
}

Result<std::unique_ptr<ClientSocket>> HttpTransport::Impl::Connect(const Origin& origin,
                                                                   const Deadlines& deadlines,
                                                                   CancelToken& cancel) {
  Poco::Net::Context* tls = nullptr;
  if (origin.tls) {
    MG_TRY(context, TlsContext());
    tls = context;
  }
  const Instant caller_deadline = std::min(deadlines.first_byte, deadlines.total);
  const Instant own_deadline =
      runtime_.Now() + std::chrono::milliseconds(options_.connect_timeout_ms);
  auto connected =
      ClientSocket::Connect(origin, tls, std::min(caller_deadline, own_deadline), cancel, runtime_);
  if (!connected && connected.error().code == Code::kTimeout && own_deadline < caller_deadline) {
    return Error{Code::kUnavailable, connected.error().message, true};
  }
  return connected;
}

Result<Poco::Net::Context*> HttpTransport::Impl::TlsContext() {
  Lock lock(tls_mutex_);
  if (tls_context_.isNull()) {
    MG_TRY(made, MakeClientContext());
    tls_context_ = made;
  }
  return tls_context_.get();
}

HttpTransport::HttpTransport(HttpTransportOptions options, Runtime& runtime)
    : impl_(std::make_shared<Impl>(options, runtime)) {}

HttpTransport::~HttpTransport() = default;

Result<Response> HttpTransport::Send(const Request& request, const Deadlines& deadlines,
                                     CancelToken& cancel) {
  MG_TRY(exchange, impl_->Begin(request, deadlines, cancel));
  if (exchange.head().status == 101) {
    return Error{Code::kCorrupt, "the server switched protocols unasked"};
  }
  return impl_->Finish(exchange, request);
}

Result<Upgraded> HttpTransport::Upgrade(const Request& request, const Deadlines& deadlines,
                                        CancelToken& cancel) {
  MG_TRY(exchange, impl_->Begin(request, deadlines, cancel));
  Upgraded upgraded;
  if (exchange.head().status == 101) {
    upgraded.response.status = exchange.head().status;
    upgraded.response.headers = exchange.head().headers;
    upgraded.duplex = exchange.TakeDuplex();
    return upgraded;
  }
  MG_TRY(response, impl_->Finish(exchange, request));
  upgraded.response = std::move(response);
  return upgraded;
}

}  // namespace mg
