// Settings: a profile's text, and JSON within a variable of the environment. Each ends in settings
// that can be checked and shown, or in an error that names its place.
#include <sys/mman.h>
#include <unistd.h>

#include <string>

#include "core/base/json.h"
#include "core/config/profile.h"
#include "tests/fuzz/fuzz.h"

using namespace mg;

namespace {

void CheckWhole(const Profile& profile) {
  static_cast<void>(CheckSettings(profile.settings));
  Require(ParseJson(ShowProfile(profile)).ok());
}

// Profiles are read from files: this one is in memory.
void ReadFile(std::string_view text) {
  static const int file = ::memfd_create("profile", MFD_CLOEXEC);
  static const std::string path = "/proc/self/fd/" + std::to_string(file);
  Require(::ftruncate(file, 0) == 0);
  Require(::pwrite(file, text.data(), text.size(), 0) == static_cast<ssize_t>(text.size()));
  const auto profile = LoadProfile(path, {});
  if (profile) return CheckWhole(*profile);
  Require(profile.error().code == Code::kInvalid && !profile.error().message.empty());
}

void ReadVariable(const char* name, std::string_view text) {
  const auto profile = LoadProfile("", {{name, std::string(text)}});
  if (profile) return CheckWhole(*profile);
  Require(profile.error().message.find(name) != std::string::npos);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  constexpr const char* kVariables[] = {"TENANT_DOMAIN_MAP", "OPERATORS", "TRUSTED_EDGE_CIDRS",
                                        "PUBLIC_RATE_LIMIT_MAX"};
  const std::string_view text = Text(data, size).substr(1);
  const std::size_t choice = data[0] % (std::size(kVariables) + 1);
  if (choice == std::size(kVariables)) {
    ReadFile(text);
  } else {
    ReadVariable(kVariables[choice], text);
  }
  return 0;
}
