#include <iostream>

#include "core/base/bytes.h"
#include "core/config/profile.h"
#include "emulator/commands/operator_context.h"
#include "emulator/commands/private_emulator.h"
#include "emulator/commands/run_commands.h"
#include "emulator/self.h"
#include "emulator/state.h"
#include "fakes/fake_settings.h"

#include <nlohmann/json.hpp>

namespace mg {
namespace {

struct HostPort {
  std::string host;
  int port = 0;
};

Result<HostPort> ParseListen(const std::string& text) {
  const std::size_t colon = text.rfind(':');
  const auto port = colon == std::string::npos
                        ? std::nullopt
                        : ParseUint(std::string_view(text).substr(colon + 1));
  if (!port || *port > 65535 || colon == 0) {
    return Error{Code::kInvalid, "\"" + text + "\" is not host:port"};
  }
  return HostPort{text.substr(0, colon), static_cast<int>(*port)};
}

void PrintProblems(const std::vector<SettingProblem>& problems) {
  std::cerr << "moltgate serve: the configuration is not complete:\n";
  for (const SettingProblem& problem : problems) std::cerr << "  " << ProblemText(problem) << "\n";
}

// Credentials of the fakes among the bindings, if there are any: fresh for each run.
Result<EmulatorOptions> ServeOptions(Profile profile) {
  EmulatorOptions options;
  MG_TRY(gateway, ParseListen(profile.settings.gateway_listen));
  MG_TRY(management, ParseListen(profile.settings.management_listen));
  options.host = gateway.host;
  options.gateway_port = gateway.port;
  options.management_host = management.host;
  options.management_port = management.port;
  OsRandom random;
  options.credentials = fake::MakeCredentials(random);
  options.profile = std::move(profile);
  options.with_demo_tenant = false;
  return options;
}

// BND-1, BND-3: what a fake provides is not missing.
std::vector<SettingProblem> ProblemsOf(Profile profile) {
  OsRandom random;
  fake::PointAtFakes(profile, fake::MakeCredentials(random),
                     {"http://127.0.0.1:1", "http://127.0.0.1:1"});
  return CheckSettings(profile.settings);
}

}  // namespace

int RunServe(const std::string& profile_path) {
  auto profile = LoadProfile(profile_path, CurrentEnvironment());
  if (!profile) return Fail("serve", profile.error());
  const auto problems = ProblemsOf(*profile);
  if (!problems.empty() && !profile->settings.startup_gate_responds) {
    PrintProblems(problems);
    return kExitInvalid;
  }
  auto options = ServeOptions(std::move(*profile));
  if (!options) return Fail("serve", options.error());
  ThreadRuntime runtime;
  JsonLinesLog log(1, LogLevel::kInfo, runtime);
  Emulator emulator(std::move(*options), runtime, log);
  const Status started = emulator.Start();
  if (!started) return Fail("serve", {Code::kInvalid, started.error().message, false});
  log.Write(LogLevel::kInfo, "ready", {{"gateway", emulator.ready().At("gateway_url")}});
  WaitForStopSignal();
  emulator.Stop();
  return kExitOk;
}

int ProfileShow(const std::string& profile_path) {
  auto profile =
      profile_path.empty() ? CommandProfile("") : LoadProfile(profile_path, CurrentEnvironment());
  if (!profile) return Fail("profile show", profile.error());
  std::cout << ShowProfile(*profile) << "\n";
  return kExitOk;
}

int EnvValidate(const std::string& profile_path, Format format) {
  auto profile = LoadProfile(profile_path, CurrentEnvironment());
  if (!profile) return Fail("env validate", profile.error());
  const auto problems = ProblemsOf(std::move(*profile));
  nlohmann::ordered_json items = nlohmann::ordered_json::array();
  for (const SettingProblem& problem : problems) {
    items.push_back({{"name", problem.name}, {"what", problem.what}, {"how", problem.how}});
  }
  if (format == Format::kJson) {
    Print({{"ok", problems.empty()}, {"problems", std::move(items)}}, format);
  } else {
    Print({{"items", std::move(items)}}, format);
  }
  return problems.empty() ? kExitOk : kExitInvalid;
}

}  // namespace mg
