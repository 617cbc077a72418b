// The management listener: /metrics in the open, /control/v1 behind the management token.
//
// Thread-safety: Handle from any task. A browser page of another origin cannot use it: Host must be
// a loopback name and Origin, when present, the same.
#pragma once
#include <string>
#include <string_view>

#include "core/adapters/thread_runtime.h"
#include "core/gateway/metrics.h"
#include "core/http/message.h"
#include "fakes/access/access.h"
#include "fakes/ai/gateway.h"
#include "fakes/cloud.h"
#include "fakes/edge/zone.h"
#include "fakes/faults.h"
#include "fakes/journal.h"

namespace mg {

class Control final : public Handler {
 public:
  // What may be null: `metrics` (fakes alone), `ai_gateway` and `access` (the real ones), `zone`
  // (no edge), `cloud` (all of them real).
  Control(std::string management_token, const Metrics* metrics, fake::Journal& journal,
          fake::Faults& faults, fake::AiGateway* ai_gateway, fake::Access* access, fake::Zone* zone,
          fake::CloudApi* cloud, ThreadRuntime& runtime);
  Response Handle(Request& request, const Peer& peer, CancelToken& caller_gone) override;

 private:
  Response Answer(Request& request);
  bool Authorised(const Request& request) const;
  Response Clock(Request& request);
  Response ReadJournal(const Request& request);
  Response Faults(Request& request, std::string_view id);
  Response AddFaults(Request& request);
  Response CountFaults() const;
  Response AiKnobs(Request& request);
  Response Edge(Request& request, std::string_view rest);
  Response LimitAtEdge(Request& request);
  Response CloudKnobs(std::string_view part, Request& request);

  std::string management_token_;
  const Metrics* metrics_;
  fake::Journal& journal_;
  fake::Faults& faults_;
  fake::AiGateway* ai_gateway_;
  fake::Access* access_;
  fake::Zone* zone_;
  fake::CloudApi* cloud_;
  ThreadRuntime& runtime_;
};

}  // namespace mg
