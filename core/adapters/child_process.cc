#include "core/adapters/child_process.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "core/base/bytes.h"

namespace mg {
namespace {

constexpr int kFailureFd = 3;  // in the child: closes when exec succeeds, else carries errno
constexpr int kOldKernelFds = 4096;

// Everything that the child needs, made before the fork.
struct Launch {
  std::string program;
  std::vector<char*> arguments;
  std::vector<char*> environment;
  int input_fd = -1;
  int output_fd = -1;
  int failure_fd = -1;
  pid_t parent = 0;
};

std::vector<char*> Pointers(const std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  pointers.reserve(texts.size() + 1);
  // execve does not write to them; its type is older than const.
  for (const std::string& text : texts) pointers.push_back(const_cast<char*>(text.c_str()));
  pointers.push_back(nullptr);
  return pointers;
}

std::string FindProgram(const ChildCommand& command) {
  const std::string& name = command.arguments.front();
  if (name.find('/') != std::string::npos) return name;
  constexpr std::string_view kPath = "PATH=";
  for (const std::string& variable : command.environment) {
    if (variable.compare(0, kPath.size(), kPath) != 0) continue;
    for (std::string_view folder : Split(std::string_view(variable).substr(kPath.size()), ':')) {
      std::string candidate = std::string(folder) + "/" + name;
      if (!folder.empty() && ::access(candidate.c_str(), X_OK) == 0) return candidate;
    }
  }
  return name;  // and exec will say that there is none
}

// Between fork and exec in a process with threads: only what is safe in a signal handler.
[[noreturn]] void RunChild(const Launch& launch) {
  const auto fail = [&](int fd) {
    const int error = errno;
    [[maybe_unused]] const ssize_t n = ::write(fd, &error, sizeof error);
    ::_exit(127);
  };
  // Handlers are reset by exec, ignored signals are not.
  for (int number = 1; number < NSIG; ++number) ::signal(number, SIG_DFL);
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  if (::setpgid(0, 0) != 0) fail(launch.failure_fd);
  if (::prctl(PR_SET_PDEATHSIG, SIGKILL) != 0) fail(launch.failure_fd);
  if (::getppid() != launch.parent) ::_exit(127);  // it died before that took effect
  if (::dup2(launch.input_fd, 0) < 0 || ::dup2(launch.output_fd, 1) < 0 ||
      ::dup2(launch.output_fd, 2) < 0) {
    fail(launch.failure_fd);
  }
  if (launch.failure_fd != kFailureFd) ::dup3(launch.failure_fd, kFailureFd, O_CLOEXEC);
  // Sockets of libraries may lack close-on-exec.
  if (::syscall(SYS_close_range, kFailureFd + 1, ~0U, 0U) != 0) {  // Linux before 5.9
    for (int fd = kFailureFd + 1; fd < kOldKernelFds; ++fd) ::close(fd);
  }
  ::execve(launch.program.c_str(), launch.arguments.data(), launch.environment.data());
  fail(kFailureFd);
  ::_exit(127);
}

// 0 when the child runs its program, else why it cannot.
int ExecFailure(int fd) {
  int error = 0;
  ssize_t n = 0;
  do {
    n = ::read(fd, &error, sizeof error);
  } while (n < 0 && errno == EINTR);
  return n == sizeof error ? error : 0;
}

Error CannotRun(const ChildCommand& command, int error) {
  return Error{Code::kUnavailable, "cannot run " + command.arguments.front() + ": " +
                                       std::generic_category().message(error)};
}

}  // namespace

Result<ChildProcess> ChildProcess::Start(const ChildCommand& command, int output_fd) {
  int failure[2];
  if (::pipe2(failure, O_CLOEXEC) != 0) return CannotRun(command, errno);
  Launch launch;
  launch.program = FindProgram(command);
  launch.arguments = Pointers(command.arguments);
  launch.environment = Pointers(command.environment);
  launch.input_fd = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  launch.output_fd = output_fd;
  launch.failure_fd = failure[1];
  launch.parent = ::getpid();

  const pid_t id = ::fork();
  if (id == 0) RunChild(launch);
  const int fork_error = errno;
  ::close(launch.input_fd);
  ::close(failure[1]);
  const int error = id < 0 ? fork_error : ExecFailure(failure[0]);
  ::close(failure[0]);
  if (error == 0) return ChildProcess(id);
  if (id > 0) ::waitpid(id, nullptr, 0);
  return CannotRun(command, error);
}

bool ChildProcess::Running() {
  if (ended_) return false;
  siginfo_t info{};
  if (::waitid(P_PID, static_cast<id_t>(id_), &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
      info.si_pid == 0) {
    return true;
  }
  // While the child is not reaped its id cannot go to another group.
  ::kill(-id_, SIGKILL);
  ::waitpid(id_, nullptr, 0);
  ended_ = true;
  return false;
}

void ChildProcess::Signal(int number) {
  if (Running()) ::kill(-id_, number);
}

}  // namespace mg
