#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "emulator/commands/run_commands.h"
#include "fakes/d1/d1.h"
#include "fakes/gap_routes.h"
#include "fakes/identity.h"
#include "fakes/kv/kv.h"

namespace mg {
namespace {

using Shown = nlohmann::ordered_json;

void Add(const fake::FakeOperations& of, Shown& items) {
  for (const fake::Operation& operation : of.operations) {
    if (std::string_view(operation.gap).empty()) continue;
    const std::string_view name = operation.name;
    const bool refused = std::find(of.refused.begin(), of.refused.end(), name) != of.refused.end();
    std::string path = of.root;
    if (!std::string_view(operation.path).empty()) path.append("/").append(operation.path);
    items.push_back({{"fake", of.fake},
                     {"operation", operation.name},
                     {"state", refused ? "refused" : "partly"},
                     {"gap", operation.gap},
                     {"method", operation.method},
                     {"path", path}});
  }
}

}  // namespace

int PrintGaps(Format format) {
  Shown items = Shown::array();
  for (const auto& of :
       {fake::IdentityOperations(), fake::KvOperations(), fake::D1Operations(), fake::R2RestGaps(),
        fake::R2Gaps(), fake::AccessGaps(), fake::AiManagementGaps(), fake::AiGaps()}) {
    Add(of, items);
  }
  Print({{"items", std::move(items)}}, format);
  return kExitOk;
}

}  // namespace mg
