// The edge in front of the gateway's own listener: sets cf-connecting-ip and cf-ray, turns the
// Access cookie into the assertion header, answers /cdn-cgi/access/* on application hosts. It
// refuses nobody yet.
#pragma once
#include "core/http/message.h"
#include "core/ports/random.h"
#include "fakes/access.h"
#include "fakes/journal.h"

namespace mg::fake {

class Edge final : public Handler {
 public:
  // `access` may be null (real Access): then tokens pass as they are.
  Edge(Handler& gateway, Access* access, Runtime& runtime, Random& random, Journal& journal);
  Response Handle(Request& request, const Peer& peer, CancelToken& caller_gone) override;

 private:
  Handler& gateway_;
  Access* access_;
  Runtime& runtime_;
  Random& random_;
  Journal& journal_;
};

}  // namespace mg::fake
