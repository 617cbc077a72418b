// A handler whose target is set after its listener has a port: addresses are known before what
// answers on them is built.
#pragma once
#include <atomic>

#include "core/http/message.h"

namespace mg {

class SwitchHandler final : public Handler {
 public:
  void Set(Handler* target) { target_.store(target); }
  Response Handle(Request& request, const Peer& peer, CancelToken& caller_gone) override {
    Handler* target = target_.load();
    return target == nullptr ? TextResponse(503, "starting\n")
                             : target->Handle(request, peer, caller_gone);
  }

 private:
  std::atomic<Handler*> target_{nullptr};
};

}  // namespace mg
