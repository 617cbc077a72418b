// A Transport for tests: calls a Handler in process, on the caller's task, and can lose the Nth
// call on its way there (`before`) or on its way back (`after`: then it did happen).
//
// Thread-safety: Send from any task; routes and hooks are set before the first call.
#pragma once
#include <algorithm>
#include <atomic>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "core/http/message.h"
#include "core/ports/transport.h"

namespace mg::test {

class LocalTransport final : public Transport {
 public:
  using Hook = std::function<std::optional<Error>(int call_number, const Request& request)>;

  explicit LocalTransport(Runtime& runtime) : runtime_(runtime) {}

  void Route(const std::string& origin, Handler& handler) {
    routes_.insert_or_assign(origin, &handler);
  }

  Hook before;  // call_number counts from 1, over all origins
  Hook after;
  int calls() const { return calls_; }

  Result<Response> Send(const Request& request, const Deadlines& deadlines,
                        CancelToken& cancel) override {
    const int number = ++calls_;
    if (cancel.cancelled()) return Error{Code::kCancelled, "the caller went away", false};
    if (runtime_.Now() >= std::min(deadlines.first_byte, deadlines.total)) {
      return Error{Code::kTimeout, "the deadline passed before the request was sent", true};
    }
    const auto route = routes_.find(request.origin);
    if (route == routes_.end()) {
      return Error{Code::kUnavailable, "nothing listens at " + request.origin, true};
    }
    if (before) {
      if (auto lost = before(number, request)) return *lost;
    }
    Request incoming = request;
    incoming.origin.clear();
    if (!incoming.headers.Has("host")) {
      incoming.headers.Set("host", request.origin.substr(request.origin.find("://") + 3));
    }
    Response response = route->second->Handle(incoming, Peer{"127.0.0.1", false}, cancel);
    if (after) {
      if (auto lost = after(number, request)) return *lost;
    }
    if (cancel.cancelled()) return Error{Code::kCancelled, "the caller went away", false};
    if (response.drop_connection) {
      return Error{Code::kUnknownOutcome, "the connection was closed without an answer", true};
    }
    if (runtime_.Now() > std::min(deadlines.first_byte, deadlines.total)) {
      return Error{Code::kUnknownOutcome, "no answer before the deadline", true};
    }
    return response;
  }

  // In process there is no connection to take over: only refusals come back.
  Result<Upgraded> Upgrade(const Request& request, const Deadlines& deadlines,
                           CancelToken& cancel) override {
    auto answer = Send(request, deadlines, cancel);
    if (!answer) return answer.error();
    if (answer->status == 101)
      return Error{Code::kInternal, "LocalTransport cannot upgrade", false};
    return Upgraded{std::move(answer).value(), nullptr};
  }

 private:
  Runtime& runtime_;
  std::map<std::string, Handler*> routes_;
  std::atomic<int> calls_{0};
};

}  // namespace mg::test
