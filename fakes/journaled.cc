#include "fakes/journaled.h"

#include <utility>

namespace mg::fake {

Response Journaled::Handle(Request& request, const Peer& peer, CancelToken& caller_gone) {
  OpenCall open(journal_, runtime_, request);
  Response response = handler_.Handle(request, peer, caller_gone);
  open.Record(service_, {operation_, ""}, response.status);
  return response;
}

}  // namespace mg::fake
