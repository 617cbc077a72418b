#include "fakes/access/applications.h"

#include <algorithm>
#include <utility>

#include "core/base/bytes.h"
#include "fakes/faults.h"

namespace mg::fake {
namespace {

constexpr int kLabelWeight = 1000;  // a host outweighs any path
constexpr int kExact = 2;
constexpr int kWildcard = 1;

int ScoreOfParts(const std::vector<std::string_view>& patterns,
                 const std::vector<std::string_view>& parts) {
  int score = 0;
  for (std::size_t i = 0; i < patterns.size(); ++i) {
    const bool wild = patterns[i].find('*') != std::string_view::npos;
    const bool fits = !parts[i].empty() && MatchesPattern(patterns[i], parts[i]);
    if (!fits) return -1;
    score += wild ? kWildcard : kExact;
  }
  return score;
}

std::vector<std::string_view> SegmentsOf(std::string_view path) {
  std::vector<std::string_view> segments;
  for (const std::string_view segment : Split(path, '/'))
    if (!segment.empty()) segments.push_back(segment);
  return segments;
}

}  // namespace

int MatchOfDomain(std::string_view domain, std::string_view host, std::string_view path) {
  const std::size_t slash = std::min(domain.find('/'), domain.size());
  const auto patterns = Split(domain.substr(0, slash), '.');
  const auto labels = Split(host, '.');
  if (patterns.size() != labels.size()) return -1;
  const int of_host = ScoreOfParts(patterns, labels);
  const auto wanted = SegmentsOf(domain.substr(slash));
  const auto segments = SegmentsOf(path);
  if (of_host < 0 || wanted.size() > segments.size()) return -1;
  const int of_path = ScoreOfParts(wanted, segments);
  return of_path < 0 ? -1 : of_host * kLabelWeight + of_path;
}

AccessApplications::Kept AccessApplications::For(std::string_view host,
                                                 std::string_view path) const {
  const Lock lock(mutex_);
  Kept best;
  int best_match = -1;
  for (const Kept& application : kept_) {
    for (const std::string& domain : application->domains) {
      const int match = MatchOfDomain(domain, host, path);
      if (match <= best_match) continue;
      best_match = match;
      best = application;
    }
  }
  return best;
}

AccessApplications::Kept AccessApplications::Get(std::string_view id) const {
  const Lock lock(mutex_);
  for (const Kept& application : kept_)
    if (application->id == id || application->audience == id) return application;
  return nullptr;
}

std::vector<AccessApplications::Kept> AccessApplications::List() const {
  const Lock lock(mutex_);
  return kept_;
}

bool AccessApplications::Put(AccessApplication application) {
  const Lock lock(mutex_);
  auto kept = std::make_shared<const AccessApplication>(std::move(application));
  for (Kept& known : kept_) {
    if (known->id != kept->id) continue;
    known = std::move(kept);
    return true;
  }
  if (kept_.size() >= kMost) return false;
  kept_.push_back(std::move(kept));
  return true;
}

bool AccessApplications::Remove(std::string_view id) {
  const Lock lock(mutex_);
  const auto found =
      std::find_if(kept_.begin(), kept_.end(), [id](const Kept& known) { return known->id == id; });
  if (found == kept_.end()) return false;
  kept_.erase(found);
  return true;
}

void AccessApplications::Reset(std::vector<AccessApplication> seeded) {
  const Lock lock(mutex_);
  kept_.clear();
  for (AccessApplication& application : seeded)
    kept_.push_back(std::make_shared<const AccessApplication>(std::move(application)));
}

}  // namespace mg::fake
