#include "emulator/agent.h"

#include <chrono>
#include <iostream>

#include "core/adapters/http_transport.h"
#include "core/adapters/server.h"
#include "core/adapters/small_adapters.h"
#include "core/adapters/thread_runtime.h"
#include "core/base/bytes.h"
#include "emulator/self.h"
#include "fakes/agent/agent.h"

namespace mg {

int RunAgent(const std::map<std::string, std::string>& environment) {
  const auto settings = fake::AgentSettingsFrom(environment);
  if (!settings) {
    std::cerr << "moltgate agent: " << settings.error().message << "\n";
    return 1;
  }
  const auto named = environment.find("PORT");
  const auto port = ParseUint(named == environment.end() ? "" : named->second);
  if (!port || *port > 65535) {
    std::cerr << "moltgate agent: PORT must be a port number\n";
    return 1;
  }
  ThreadRuntime runtime;
  JsonLinesLog log(2, LogLevel::kWarn, runtime);
  HttpTransport transport({}, runtime);
  fake::Agent agent(*settings, transport, runtime);
  ServerOptions options;
  options.name = "agent";
  options.port = static_cast<std::uint16_t>(*port);
  options.max_workers = 16;
  Server server(options, agent, runtime, log);
  const Status started = server.Start();
  if (!started) {
    std::cerr << "moltgate agent: " << started.error().message << "\n";
    return 1;
  }
  WaitForStopSignal();
  server.Stop(runtime.Now() + std::chrono::seconds(5));
  return 0;
}

}  // namespace mg
