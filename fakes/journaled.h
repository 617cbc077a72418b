// Writes what passes a listener that is no fake's (the agents' model endpoint) to the journal.
#pragma once
#include <string>
#include <utility>

#include "core/http/message.h"
#include "core/ports/runtime.h"
#include "fakes/journal.h"

namespace mg::fake {

class Journaled final : public Handler {
 public:
  Journaled(std::string service, std::string operation, Handler& handler, Runtime& runtime,
            Journal& journal)
      : service_(std::move(service)),
        operation_(std::move(operation)),
        handler_(handler),
        runtime_(runtime),
        journal_(journal) {}
  Response Handle(Request& request, const Peer& peer, CancelToken& caller_gone) override;

 private:
  const std::string service_;
  const std::string operation_;
  Handler& handler_;
  Runtime& runtime_;
  Journal& journal_;
};

}  // namespace mg::fake
