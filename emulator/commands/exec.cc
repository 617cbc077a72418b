#include <signal.h>
#include <spawn.h>
#include <unistd.h>

#include <cstring>
#include <iostream>

#include "emulator/commands/private_emulator.h"
#include "emulator/commands/run_commands.h"
#include "emulator/self.h"

namespace mg {
namespace {

constexpr int kCannotRun = 127;  // as shells say it

std::vector<char*> Pointers(std::vector<std::string>& words) {
  std::vector<char*> pointers;
  for (std::string& word : words) pointers.push_back(word.data());
  pointers.push_back(nullptr);
  return pointers;
}

// The child gets the default signal state back: this process keeps stop signals for itself.
int Spawn(const std::vector<std::string>& command,
          const std::map<std::string, std::string>& environment, pid_t& child) {
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t none, pipe;
  sigemptyset(&none);
  sigemptyset(&pipe);
  sigaddset(&pipe, SIGPIPE);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setsigdefault(&attributes, &pipe);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  std::vector<std::string> words = command;
  std::vector<std::string> variables;
  for (const auto& variable : environment)
    variables.push_back(variable.first + "=" + variable.second);
  const int failed = ::posix_spawnp(&child, command.front().c_str(), nullptr, &attributes,
                                    Pointers(words).data(), Pointers(variables).data());
  posix_spawnattr_destroy(&attributes);
  return failed;
}

}  // namespace

int RunExec(const std::vector<std::string>& command, bool dev_mode) {
  PrivateEmulator world(dev_mode);
  const Status started = world.Start();
  if (!started) return Fail("exec", started.error());
  auto environment = CurrentEnvironment();
  for (auto& variable : ReadyEnvironment(world.emulator().ready()))
    environment[variable.first] = variable.second;
  pid_t child = 0;
  const int failed = Spawn(command, environment, child);
  if (failed != 0) {
    std::cerr << "moltgate exec: cannot run " << command.front() << ": " << std::strerror(failed)
              << "\n";
    world.Stop();
    return kCannotRun;
  }
  const int code = WaitForChild(child);
  world.Stop();
  return code;
}

}  // namespace mg
