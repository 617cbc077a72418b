// The gateway: every request runs through kGates in order, stops at the first answer, and is
// settled.
//
// Thread-safety: Handle from any task. It never throws for bad input; a thrown exception is our
// bug.
#pragma once
#include <atomic>

#include "core/gateway/exchange.h"
#include "core/gateway/services.h"
#include "core/http/message.h"

namespace mg {

class Gateway {
 public:
  explicit Gateway(Services services);

  Handler& public_listener() { return public_; }
  Handler& internal_listener() { return internal_; }  // AIG-7: agents alone; bind it to loopback

  Response Handle(Listener listener, Request& request, const Peer& peer, CancelToken& caller_gone);

 private:
  class ListenerHandler final : public Handler {
   public:
    ListenerHandler(Gateway& gateway, Listener listener) : gateway_(gateway), listener_(listener) {}
    Response Handle(Request& request, const Peer& peer, CancelToken& caller_gone) override {
      return gateway_.Handle(listener_, request, peer, caller_gone);
    }

   private:
    Gateway& gateway_;
    Listener listener_;
  };

  Services services_;
  std::string request_id_prefix_;
  std::atomic<std::uint64_t> request_count_{0};
  ListenerHandler public_{*this, Listener::kPublic};
  ListenerHandler internal_{*this, Listener::kInternal};
};

}  // namespace mg
