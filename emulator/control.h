// The management listener: /metrics in the open, /control/v1 behind the management token.
//
// Thread-safety: Handle from any task. A browser page of another origin cannot use it: Host must be
// a loopback name and Origin, when present, the same.
#pragma once
#include <functional>
#include <string>
#include <string_view>

#include "core/adapters/thread_runtime.h"
#include "core/base/result.h"
#include "core/gateway/metrics.h"
#include "core/http/message.h"
#include "fakes/access/access.h"
#include "fakes/ai/gateway.h"
#include "fakes/cloud.h"
#include "fakes/edge/zone.h"
#include "fakes/faults.h"
#include "fakes/journal.h"

namespace mg {

// What there is to control; null what is not there, or is the real service.
struct Controlled {
  const Metrics* metrics = nullptr;  // null: fakes alone
  fake::AiGateway* ai_gateway = nullptr;
  fake::Access* access = nullptr;
  fake::Zone* zone = nullptr;  // null: no edge
  fake::CloudApi* cloud = nullptr;
  std::function<Status()> reset = nullptr;  // every store, as on a first start
  std::string state_folder = {};            // "": it keeps no state
};

class Control final : public Handler {
 public:
  Control(std::string management_token, Controlled controlled, fake::Journal& journal,
          fake::Faults& faults, ThreadRuntime& runtime);
  Response Handle(Request& request, const Peer& peer, CancelToken& caller_gone) override;

 private:
  Response Answer(Request& request);
  bool Authorised(const Request& request) const;
  Response Clock(Request& request);
  Response Reset(const Request& request);
  Response ReadJournal(const Request& request);
  Response Faults(Request& request, std::string_view id);
  Response AddFaults(Request& request);
  Response CountFaults() const;
  Response AiKnobs(Request& request);
  Response Edge(Request& request, std::string_view rest);
  Response LimitAtEdge(Request& request);
  Response CloudKnobs(std::string_view part, Request& request);

  const std::string management_token_;
  const Controlled controlled_;
  fake::Journal& journal_;
  fake::Faults& faults_;
  ThreadRuntime& runtime_;
};

}  // namespace mg
