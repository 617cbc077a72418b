// Fills a running emulator with what a seed file says (scenarios/run/seed.h). What is there already
// as the file has it stays as it is, so that every start may do it; what differs is put right, and
// what the file does not name is left alone.
#pragma once
#include <map>
#include <string>

#include "core/base/result.h"
#include "emulator/emulator.h"
#include "scenarios/run/seed.h"

namespace mg {

// Secrets of the keys that a seed names, by "tenant/name": a key is shown once, and kept in the
// state folder, for the owner alone, so that the next start can tell it too.
using SeedKeys = std::map<std::string, std::string>;

// Every problem of the file, a line each. Errors: kInvalid.
Result<scenario::LoadedSeed> ReadSeed(const std::string& path);

// Errors: kInvalid, "file:line:column: what is wrong"; then some of it may be there.
// `state_folder` empty: keys are not kept.
Result<SeedKeys> Seed(const scenario::Source& document, Emulator& emulator,
                      const std::string& state_folder);

}  // namespace mg
