#include "fakes/edge/zone.h"

#include <cstddef>
#include <utility>

namespace mg::fake {

bool IsUnder(std::string_view host, std::string_view domain) {
  if (host.size() <= domain.size()) return host == domain;
  const std::size_t dot = host.size() - domain.size() - 1;
  return host[dot] == '.' && host.substr(dot + 1) == domain;
}

Zone::Zone(EdgeSettings settings, const Runtime& runtime)
    : runtime_(runtime), rules_(std::make_shared<Rules>(std::move(settings), runtime)) {}

std::shared_ptr<Zone::Rules> Zone::rules() const {
  const Lock lock(mutex_);
  return rules_;
}

void Zone::Set(EdgeSettings settings) {
  auto made = std::make_shared<Rules>(std::move(settings), runtime_);
  const Lock lock(mutex_);
  rules_ = std::move(made);
}

}  // namespace mg::fake
