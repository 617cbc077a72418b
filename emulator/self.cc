#include "emulator/self.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>

extern char** environ;

namespace mg {
namespace {

sigset_t StopSignals() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGTERM);
  return set;
}

std::atomic<int> noted_signal{0};

}  // namespace

std::string SelfPath() {
  std::error_code failed;
  const auto path = std::filesystem::read_symlink("/proc/self/exe", failed);
  return failed ? std::string("moltgate") : path.string();
}

std::map<std::string, std::string> CurrentEnvironment() {
  std::map<std::string, std::string> variables;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string text(*entry);
    const std::size_t equals = text.find('=');
    if (equals != std::string::npos) variables[text.substr(0, equals)] = text.substr(equals + 1);
  }
  return variables;
}

void PrepareProcess() {
  sigset_t set = StopSignals();
  sigaddset(&set, SIGCHLD);  // waited for by WaitForChild
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  ::signal(SIGPIPE, SIG_IGN);
  rlimit files{};
  if (::getrlimit(RLIMIT_NOFILE, &files) == 0) {
    files.rlim_cur = files.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &files);
  }
}

void NoteStopSignals() {
  const sigset_t set = StopSignals();
  for (const int signal : {SIGINT, SIGTERM})
    ::signal(signal, [](int received) {
      if (noted_signal.exchange(received) != 0) ::_exit(128 + received);
    });
  pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
}

int StopSignalNoted() {
  return noted_signal;
}

void EndWhenStuck(int seconds) {
  ::signal(SIGALRM, [](int) {
    constexpr std::string_view kWords = "moltgate: nothing ended in time; see --timeout\n";
    static_cast<void>(::write(2, kWords.data(), kWords.size()) == 0);
    ::_exit(4);
  });
  ::alarm(static_cast<unsigned>(seconds));
}

int WaitForStopSignal() {
  const sigset_t set = StopSignals();
  int received = 0;
  while (sigwait(&set, &received) != 0) {
  }
  return received;
}

int WaitForChild(int child_pid) {
  sigset_t set = StopSignals();
  sigaddset(&set, SIGCHLD);
  for (;;) {
    int status = 0;
    if (::waitpid(child_pid, &status, WNOHANG) == child_pid) {
      return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
    }
    int received = 0;
    if (sigwait(&set, &received) == 0 && received != SIGCHLD) ::kill(child_pid, received);
  }
}

}  // namespace mg
