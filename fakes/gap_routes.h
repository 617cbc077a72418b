// Parts of an API that a fake refuses as a whole, in one table: it answers by it, and `moltgate
// gaps` prints it.
#pragma once
#include <cstddef>
#include <string>
#include <vector>

#include "fakes/routes.h"

namespace mg::fake {

// The row whose path is where `segments` begin, or null; its method is "*": all of them.
template <std::size_t kCount>
const Operation* FindGap(const Operation (&gaps)[kCount],
                         const std::vector<std::string>& segments) {
  for (const Operation& gap : gaps) {
    std::vector<std::string> start;
    for (const std::string& segment : segments) {
      start.push_back(segment);
      std::vector<std::string> unused;
      if (MatchPath(gap.path, start, unused)) return &gap;
    }
  }
  return nullptr;
}

template <std::size_t kCount>
FakeOperations RefusedOf(const char* fake, const char* root, const Operation (&gaps)[kCount]) {
  FakeOperations of{fake, root, {gaps, gaps + kCount}, {}};
  for (const Operation& gap : gaps) of.refused.push_back(gap.name);
  return of;
}

// Of those whose own tables do not say it (KvOperations and D1Operations do): what is refused as a
// whole, and what is done in part.
FakeOperations R2RestGaps();
FakeOperations R2Gaps();
FakeOperations AccessGaps();
FakeOperations AiManagementGaps();
FakeOperations AiGaps();

}  // namespace mg::fake
