// The edge in front of the gateway's own listener: sets cf-connecting-ip and cf-ray, turns the
// Access cookie into the assertion header, answers /cdn-cgi/access/* on application hosts. It
// refuses nobody yet.
#pragma once
#include <functional>
#include <string>
#include <utility>

#include "core/http/message.h"
#include "core/ports/random.h"
#include "fakes/access/access.h"
#include "fakes/journal.h"

namespace mg::fake {

class Edge final : public Handler {
 public:
  // `access` may be null (real Access): then tokens pass as they are.
  Edge(Handler& gateway, Access* access, Runtime& runtime, Random& random, Journal& journal);
  Response Handle(Request& request, const Peer& peer, CancelToken& caller_gone) override;

  // Says whose host a name is: its sandbox id, "" for nobody's. Before the first call; without it
  // no call has a tenant. It must call nothing that passes a journal.
  using TenantOf = std::function<std::string(const std::string& host)>;
  void NameTenants(TenantOf tenant_of) { tenant_of_ = std::move(tenant_of); }

 private:
  Response Forward(Request& request, const Peer& peer, const std::string& ray, CallNote& note,
                   CancelToken& caller_gone);

  Handler& gateway_;
  Access* access_;
  Runtime& runtime_;
  Random& random_;
  Journal& journal_;
  TenantOf tenant_of_;
};

}  // namespace mg::fake
