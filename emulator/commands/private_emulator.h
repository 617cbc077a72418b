// An emulator for one command: in memory, on free ports, leaving no notes behind.
#pragma once
#include <memory>
#include <vector>

#include "core/adapters/small_adapters.h"
#include "core/adapters/thread_runtime.h"
#include "emulator/emulator.h"

namespace mg {

class PrivateEmulator {
 public:
  explicit PrivateEmulator(bool dev_mode = false);
  Status Start() { return emulator_->Start(); }
  void Stop() { emulator_->Stop(); }
  Emulator& emulator() { return *emulator_; }
  ThreadRuntime& runtime() { return runtime_; }

 private:
  ThreadRuntime runtime_;
  JsonLinesLog log_{2, LogLevel::kError, runtime_};
  OsRandom random_;
  std::unique_ptr<Emulator> emulator_;
};

// Every binding fake, environment "development".
Profile AllFakesProfile(bool dev_mode);

}  // namespace mg
