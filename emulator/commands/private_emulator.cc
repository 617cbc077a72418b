#include "emulator/commands/private_emulator.h"

namespace mg {

Profile AllFakesProfile(bool dev_mode) {
  Profile profile;
  profile.settings.environment = Environment::kDevelopment;
  profile.settings.dev_mode = dev_mode;
  profile.bucket = profile.db = profile.kv = profile.access = profile.ai_gateway =
      BindingKind::kFake;
  return profile;
}

PrivateEmulator::PrivateEmulator(bool dev_mode) {
  EmulatorOptions options;
  options.profile = AllFakesProfile(dev_mode);
  options.credentials = fake::MakeCredentials(random_);
  options.access.enforce = !dev_mode;
  emulator_ = std::make_unique<Emulator>(std::move(options), runtime_, log_);
}

}  // namespace mg
