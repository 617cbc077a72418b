#include "fakes/journaled.h"

namespace mg::fake {

Response Journaled::Handle(Request& request, const Peer& peer, CancelToken& caller_gone) {
  OpenCall open(journal_, runtime_, request, service_);
  open.note.operation = operation_;
  Response response = handler_.Handle(request, peer, caller_gone);
  open.RecordAtEnd(response, caller_gone);
  return response;
}

}  // namespace mg::fake
