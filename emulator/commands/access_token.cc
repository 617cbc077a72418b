#include <iostream>

#include "core/adapters/small_adapters.h"
#include "core/adapters/thread_runtime.h"
#include "emulator/commands/run_commands.h"
#include "emulator/state.h"
#include "fakes/access/access.h"

namespace mg {

// The fake's keys ship with it, so a token can be signed here for the emulator that runs.
int AccessToken(const TokenOptions& options) {
  auto ready = FindRunning();
  if (!ready) return Fail("access token", ready.error());
  if (ready->At("access_aud").empty()) {
    return Fail("access token", {Code::kInvalid, "the running emulator has no Access fake", false});
  }
  ThreadRuntime runtime;
  OsRandom random;
  fake::Credentials credentials;
  credentials.access_aud = ready->At("access_aud");
  fake::AccessSite site;
  site.team_url = ready->At("access_team_url");
  fake::Access access(credentials, std::move(site), runtime, random);
  fake::Mint mint;
  mint.email = options.email;
  mint.common_name = options.service;
  mint.expired = options.expired;
  mint.wrong_audience = options.wrong_audience;
  std::cout << access.MintToken(mint) << std::endl;
  return kExitOk;
}

}  // namespace mg
