#include "fakes/access/verdicts.h"

#include <utility>

#include "core/base/json.h"

namespace mg::fake {
namespace {

constexpr std::size_t kMaxPathBytes = 1024;

}  // namespace

void AccessVerdicts::Add(AccessVerdict verdict) {
  if (verdict.path.size() > kMaxPathBytes) verdict.path.resize(kMaxPathBytes);
  const Lock lock(mutex_);
  verdict.seq = next_++;
  if (kept_.size() == kMost) kept_.pop_front();
  kept_.push_back(std::move(verdict));
}

std::vector<AccessVerdict> AccessVerdicts::Since(std::uint64_t seq) const {
  const Lock lock(mutex_);
  std::vector<AccessVerdict> found;
  for (const AccessVerdict& verdict : kept_)
    if (verdict.seq > seq) found.push_back(verdict);
  return found;
}

void AccessVerdicts::Clear() {
  const Lock lock(mutex_);
  kept_.clear();
}

Json AccessVerdictToJson(const AccessVerdict& verdict) {
  Json json = {
      {"seq", verdict.seq},      {"at_ms", verdict.at_ms},     {"method", verdict.method},
      {"host", verdict.host},    {"path", verdict.path},       {"application", verdict.application},
      {"aud", verdict.audience}, {"verdict", verdict.verdict}, {"check", verdict.check}};
  if (!verdict.principal.empty()) json["principal"] = verdict.principal;
  if (!verdict.policy.empty()) json["policy"] = verdict.policy;
  if (verdict.status != 0) json["status"] = verdict.status;
  return json;
}

}  // namespace mg::fake
