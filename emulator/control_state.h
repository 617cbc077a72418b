// /control/v1/state of the management listener: GET exports all stores as one file
// (emulator/state_archive.h).
#pragma once
#include <string>
#include <string_view>

#include "core/http/message.h"
#include "core/ports/runtime.h"

namespace mg {

// `state_folder` empty: there is none.
Response ControlState(const std::string& state_folder, std::string_view method,
                      const Runtime& runtime);

}  // namespace mg
