// Where the listeners of a running emulator are, as the kernel has it.
#include <gtest/gtest.h>

#include <cstdio>
#include <fstream>
#include <set>
#include <string>

#include "core/adapters/origin.h"
#include "core/gateway/assembly.h"
#include "emulator/commands/private_emulator.h"

namespace mg {
namespace {

// The IPv4 addresses at which something listens on this port, as hex digits in network order.
std::set<std::string> ListeningAt(const std::string& url) {
  const std::uint16_t port = ParseOrigin(url)->port;
  std::ifstream table("/proc/self/net/tcp");
  std::set<std::string> addresses;
  for (std::string line; std::getline(table, line);) {
    char address[9];
    unsigned local_port = 0, state = 0;
    if (std::sscanf(line.c_str(), " %*d: %8[0-9A-F]:%x %*8[0-9A-F]:%*x %x", address, &local_port,
                    &state) != 3)
      continue;
    constexpr unsigned kListen = 10;
    if (local_port == port && state == kListen) addresses.insert(address);
  }
  return addresses;
}

TEST(Listeners, ManagementStaysOnLoopbackWhereverTheGatewayListens) {
  ThreadRuntime runtime;
  JsonLinesLog log(2, LogLevel::kError, runtime);
  OsRandom random;
  EmulatorOptions options;
  options.profile = AllFakesProfile(false);
  options.credentials = fake::MakeCredentials(random);
  options.host = "0.0.0.0";
  Emulator emulator(std::move(options), runtime, log);
  const Status started = emulator.Start();
  ASSERT_TRUE(started) << started.error().message;
  const std::set<std::string> everywhere{"00000000"}, loopback{"0100007F"};
  EXPECT_EQ(ListeningAt(emulator.ready().At("gateway_url")), everywhere);
  EXPECT_EQ(ListeningAt(emulator.ready().At("management_url")), loopback);
  emulator.Stop();
  EXPECT_EQ(Settings().management_listen, "127.0.0.1:8790") << "what `serve` begins with";
}

}  // namespace
}  // namespace mg
