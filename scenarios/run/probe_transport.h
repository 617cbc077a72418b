// A transport that marks what the runner itself reads and writes, so that it stays out of journal
// and faults.
#pragma once
#include <string>
#include <utility>

#include "core/http/message.h"
#include "core/ports/transport.h"
#include "fakes/cloud.h"

namespace mg::scenario {

class ProbeTransport final : public Transport {
 public:
  ProbeTransport(Transport& inner, std::string token) : inner_(inner), token_(std::move(token)) {}
  Result<Response> Send(const Request& request, const Deadlines& deadlines,
                        CancelToken& cancel) override {
    return inner_.Send(Marked(request), deadlines, cancel);
  }
  Result<Upgraded> Upgrade(const Request& request, const Deadlines& deadlines,
                           CancelToken& cancel) override {
    return inner_.Upgrade(Marked(request), deadlines, cancel);
  }

 private:
  Request Marked(Request request) const {
    request.headers.Set(fake::kProbeHeader, token_);
    return request;
  }

  Transport& inner_;
  const std::string token_;
};

}  // namespace mg::scenario
