#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>

#include "core/adapters/thread_runtime.h"
#include "emulator/commands/run_commands.h"
#include "emulator/state.h"
#include "emulator/state_archive.h"

namespace mg {

// A running emulator keeps its folder, and is exported beside it; otherwise nobody may start there
// meanwhile.
int StateExport(const std::string& folder, const std::string& file) {
  std::optional<StateFolder> ours;
  if (std::filesystem::exists(folder)) {
    auto opened = StateFolder::Open(folder);
    if (!opened && opened.error().code != Code::kConflict)
      return Fail("state export", opened.error());
    if (opened) ours.emplace(std::move(*opened));
  }
  const Status done = ExportState(folder, file, ThreadRuntime().Wall());
  if (!done) return Fail("state export", {Code::kInvalid, done.error().message, false});
  Print({{"file", file}, {"bytes", std::filesystem::file_size(file)}}, Format::kJson);
  return kExitOk;
}

int StateImport(const std::string& folder, const std::string& file) {
  auto ours = StateFolder::Open(folder);
  if (!ours) return Fail("state import", {Code::kInvalid, ours.error().message, false});
  const Status done = ImportState(*ours, file);
  if (!done)
    return Fail("state import", {Code::kInvalid, file + ": " + done.error().message, false});
  Print({{"state", folder}}, Format::kJson);
  return kExitOk;
}

}  // namespace mg
