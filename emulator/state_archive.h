// The state of an emulator as one file: a tar of its stores as they stood at one moment, with a
// manifest in front and the SHA-256 of every file at the end.
//
// It holds the emulator's credentials and is for the owner alone. What belongs to the machine, the
// certificate authority of `up --tls`, stays out of it.
#pragma once
#include <cstdint>
#include <string>

#include "core/base/result.h"
#include "core/ports/runtime.h"

namespace mg {

class StateFolder;

inline constexpr std::int64_t kStateFormat = 1;

// Writes `file` anew, whole or not at all. The emulator may run meanwhile: its writes wait for a
// moment, and are all in it or all after it.
// Errors: kNotFound (no state there); kUnavailable.
Status ExportState(const std::string& folder, const std::string& file, WallTime now);

// Replaces the state of `folder`, or changes nothing. `StateFolder::Open` finishes one that was cut
// off behind its point of no return.
// Errors: kCorrupt (damaged, or no archive of a state); kInvalid (of a newer moltgate);
// kUnavailable.
Status ImportState(const StateFolder& folder, const std::string& file);

Status FinishImport(const std::string& folder);  // of StateFolder::Open alone

}  // namespace mg
