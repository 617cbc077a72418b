// What a running emulator tells the world: the ready file, and MOLTGATE_* of `exec` (INTERFACES
// "Ready file").
#pragma once
#include <cstdint>
#include <map>
#include <string>

#include "core/base/result.h"

namespace mg {

struct Ready {
  std::map<std::string, std::string>
      values;  // by the ready file's names; a part that is not run is absent
  std::int64_t pid = 0;

  std::string At(const std::string& name) const;  // "" when absent
};

std::string ReadyToJson(const Ready& ready);
Result<Ready> ReadyFromJson(const std::string& text);

// MOLTGATE_<NAME> for each value, and what wrangler and the SDKs read.
std::map<std::string, std::string> ReadyEnvironment(const Ready& ready);

}  // namespace mg
