#include "fakes/access/control_plane.h"

#include "fakes/v4.h"

namespace mg::fake {

Response ManageAccess(AccessCore&, Request& request, CallNote&, const std::vector<std::string>&) {
  return V4NoRoute(request.Path());
}

}  // namespace mg::fake
