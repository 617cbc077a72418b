// The edge in front of the gateway's own listener (wire/access-edge-sandbox.md 2): refuses what no
// Worker sees, applies the zone's rate limits, says who the client is, and has Access stand in
// front of the application's hosts (Access::Enter). Its own errors are pages in the form that
// Accept asks for.
//
// Order: malformed hosts and sizes, faults ("edge.request", subject host and path), rate limits,
// Access, the gateway. In the journal what the edge answers itself is "edge.<name of the error>".
#pragma once
#include <functional>
#include <optional>
#include <string>
#include <utility>

#include "core/http/message.h"
#include "core/ports/random.h"
#include "fakes/access/access.h"
#include "fakes/edge/error_page.h"
#include "fakes/edge/zone.h"
#include "fakes/fault_gate.h"
#include "fakes/journal.h"

namespace mg::fake {

class Edge final : public Handler {
 public:
  // `access` may be null (real Access): then tokens pass as they are.
  Edge(Handler& gateway, Access* access, Zone& zone, Faults& faults, Runtime& runtime,
       Random& random, Journal& journal);
  Response Handle(Request& request, const Peer& peer, CancelToken& caller_gone) override;

  // Says whose host a name is: its sandbox id, "" for nobody's. Before the first call; without it
  // no call has a tenant. It must call nothing that passes a journal.
  using TenantOf = std::function<std::string(const std::string& host)>;
  void NameTenants(TenantOf tenant_of) { tenant_of_ = std::move(tenant_of); }

 private:
  struct Visit;

  Response Answer(Visit& visit);
  std::optional<Response> Refuse(Visit& visit);
  std::optional<Response> RefuseHost(Visit& visit);
  std::optional<Response> MeetFault(Visit& visit);
  std::optional<Response> Limit(Visit& visit);
  Response Pass(Visit& visit);     // to Access or the gateway
  Response Forward(Visit& visit);  // to the gateway
  Response Page(Visit& visit, const EdgeError& error, std::int64_t retry_after_seconds = 0);
  Response Bare(Visit& visit, int status, const char* name);
  ErrorContext ContextOf(const Visit& visit) const;

  Handler& gateway_;
  Access* access_;
  Zone& zone_;
  FaultGate faults_;
  Runtime& runtime_;
  Random& random_;
  Journal& journal_;
  TenantOf tenant_of_;
};

}  // namespace mg::fake
