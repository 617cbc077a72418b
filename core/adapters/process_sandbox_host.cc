#include "core/adapters/process_sandbox_host.h"

#include <Poco/Exception.h>
#include <Poco/Net/ServerSocket.h>
#include <Poco/Net/SocketAddress.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <optional>
#include <utility>

#include "core/adapters/child_process.h"
#include "core/adapters/output_ring.h"
#include "core/adapters/socket_io.h"
#include "core/base/check.h"

namespace mg {
namespace {

constexpr Nanos kStopGrace = std::chrono::seconds(5);
constexpr Nanos kStopPoll = std::chrono::milliseconds(10);
constexpr std::size_t kKeptOutputs = 256;  // of sandboxes that do not run
constexpr std::size_t kReadBytes = 16 * 1024;
constexpr int kReadsPerTurn = 16;  // of one sandbox, before others have a turn
constexpr const char* kDefaultPath = "/usr/local/bin:/usr/bin:/bin";

// One run's output: the pipe's reading end, and what came out of it.
struct Output {
  int fd = -1;             // -1 once it has ended
  bool abandoned = false;  // what is there is still read, but its end is not waited for
  OutputRing ring;
};

struct Sandbox {
  std::optional<ChildProcess> process;
  std::uint16_t port = 0;
  std::shared_ptr<Output> output;
  std::uint64_t started_as = 0;  // in order of starts
};

struct Launch {
  const ChildCommand& command;
  int output_fd;
  std::optional<Result<ChildProcess>> result;
};

Result<std::uint16_t> FreePort() {
  try {
    Poco::Net::ServerSocket socket;
    socket.bind(Poco::Net::SocketAddress("127.0.0.1", 0), true, false);
    return socket.address().port();
  } catch (const Poco::Exception& e) {
    return Error{Code::kUnavailable, "no free port: " + e.displayText()};
  }
}

Result<std::vector<std::string>> Environment(const SandboxSpec& spec, std::uint16_t port) {
  std::map<std::string, std::string> variables = spec.environment;
  variables["PORT"] = std::to_string(port);
  if (variables.count("PATH") == 0) {
    const char* path = std::getenv("PATH");
    variables["PATH"] = path == nullptr ? kDefaultPath : path;
  }
  std::vector<std::string> lines;
  for (const auto& [name, value] : variables) {
    if (name.empty() || name.find('=') != std::string::npos ||
        (name + value).find('\0') != std::string::npos) {
      return Error{Code::kInvalid, "not an environment variable: " + name};
    }
    lines.push_back(name + "=" + value);
  }
  return lines;
}

}  // namespace

class ProcessSandboxHost::Impl {
 public:
  Impl(std::vector<std::string> command, Runtime& runtime, Log& log);
  ~Impl();

  Result<SandboxEndpoint> Start(const SandboxSpec& spec);
  bool Running(const std::string& sandbox_id);
  Status Stop(const std::string& sandbox_id);
  std::vector<std::string> RecentOutput(const std::string& sandbox_id);

 private:
  // The one task that reads every pipe, and that starts the processes: they die with its thread.
  void Tend();
  std::vector<std::shared_ptr<Output>> OpenOutputs();
  void ReadOutput(Output& output);
  bool RunLaunches();  // false when the host ends
  void Wake();

  Result<ChildProcess> LaunchOnTender(const ChildCommand& command, int output_fd);
  Result<std::uint16_t> ChoosePort();
  bool RunningLocked(const std::string& sandbox_id);
  bool SignalIfRunning(const std::string& sandbox_id, int number);
  bool WaitUntilGone(const std::string& sandbox_id, Instant deadline);
  void ForgetOldOutputs();

  const std::vector<std::string> command_;
  Runtime& runtime_;
  Log& log_;
  const int wake_fd_;

  Mutex mutex_;
  std::unique_ptr<CondVar> launched_;
  std::map<std::string, Sandbox> sandboxes_;
  std::vector<std::shared_ptr<Output>> open_outputs_;
  std::vector<Launch*> launches_;
  std::uint64_t starts_ = 0;
  bool ending_ = false;
  std::unique_ptr<Task> tender_;
};

ProcessSandboxHost::Impl::Impl(std::vector<std::string> command, Runtime& runtime, Log& log)
    : command_(std::move(command)),
      runtime_(runtime),
      log_(log),
      wake_fd_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)),
      launched_(runtime.MakeCondVar()) {
  MG_CHECK(!command_.empty(), "a sandbox host without a command");
  MG_CHECK(wake_fd_ >= 0, "out of file descriptors");
  tender_ = runtime.Spawn("sandboxes", [this] { Tend(); });
}

ProcessSandboxHost::Impl::~Impl() {
  std::vector<std::string> ids;
  {
    Lock lock(mutex_);
    for (auto& [id, sandbox] : sandboxes_) {
      if (sandbox.process) sandbox.process->Signal(SIGTERM);  // all at once, then one by one
      ids.push_back(id);
    }
  }
  for (const std::string& id : ids) {
    if (!Stop(id)) log_.Write(LogLevel::kError, "sandbox_not_stopped", {{"sandbox_id", id}});
  }
  {
    Lock lock(mutex_);
    ending_ = true;
  }
  Wake();
  tender_->Join();
  for (const auto& output : open_outputs_) ::close(output->fd);
  ::close(wake_fd_);
}

Result<SandboxEndpoint> ProcessSandboxHost::Impl::Start(const SandboxSpec& spec) {
  {
    Lock lock(mutex_);
    if (RunningLocked(spec.sandbox_id)) {
      return Error{Code::kConflict, "sandbox " + spec.sandbox_id + " runs already"};
    }
    ForgetOldOutputs();
  }
  MG_TRY(port, ChoosePort());
  MG_TRY(environment, Environment(spec, port));
  int pipe[2];
  if (::pipe2(pipe, O_CLOEXEC) != 0) return Error{Code::kUnavailable, "no pipe for its output"};
  ::fcntl(pipe[0], F_SETFL, O_NONBLOCK);  // this end alone: the child expects a usual pipe
  const ChildCommand command{command_, std::move(environment)};
  Result<ChildProcess> process = LaunchOnTender(command, pipe[1]);
  ::close(pipe[1]);
  if (!process) {
    ::close(pipe[0]);
    return process.error();
  }
  auto output = std::make_shared<Output>();
  output->fd = pipe[0];
  {
    Lock lock(mutex_);
    Sandbox& sandbox = sandboxes_[spec.sandbox_id];
    if (sandbox.output) {  // the lines of a crash stay in sight
      sandbox.output->abandoned = true;
      output->ring = sandbox.output->ring;
      output->ring.EndLine();
    }
    sandbox = {*process, port, output, ++starts_};
    open_outputs_.push_back(output);
  }
  Wake();
  log_.Write(LogLevel::kInfo, "sandbox_started",
             {{"sandbox_id", spec.sandbox_id}, {"process_id", std::int64_t{process->id()}}});
  return SandboxEndpoint{"http://127.0.0.1:" + std::to_string(port), process->id()};
}

Result<ChildProcess> ProcessSandboxHost::Impl::LaunchOnTender(const ChildCommand& command,
                                                              int output_fd) {
  Launch launch{command, output_fd, std::nullopt};
  {
    Lock lock(mutex_);
    launches_.push_back(&launch);
  }
  Wake();
  Lock lock(mutex_);
  while (!launch.result) launched_->WaitUntil(lock, kNever);
  return *launch.result;
}

Result<std::uint16_t> ProcessSandboxHost::Impl::ChoosePort() {
  constexpr int kAttempts = 100;
  for (int i = 0; i < kAttempts; ++i) {
    MG_TRY(port, FreePort());
    Lock lock(mutex_);
    // One that has just started may not listen yet.
    const bool given = std::any_of(sandboxes_.begin(), sandboxes_.end(),
                                   [&](const auto& entry) { return entry.second.port == port; });
    if (!given) return port;
  }
  return Error{Code::kUnavailable, "no free port"};
}

bool ProcessSandboxHost::Impl::Running(const std::string& sandbox_id) {
  Lock lock(mutex_);
  return RunningLocked(sandbox_id);
}

bool ProcessSandboxHost::Impl::RunningLocked(const std::string& sandbox_id) {
  const auto found = sandboxes_.find(sandbox_id);
  if (found == sandboxes_.end() || !found->second.process) return false;
  if (found->second.process->Running()) return true;
  found->second.process.reset();
  found->second.port = 0;
  return false;
}

bool ProcessSandboxHost::Impl::SignalIfRunning(const std::string& sandbox_id, int number) {
  Lock lock(mutex_);
  if (!RunningLocked(sandbox_id)) return false;
  sandboxes_[sandbox_id].process->Signal(number);
  return true;
}

bool ProcessSandboxHost::Impl::WaitUntilGone(const std::string& sandbox_id, Instant deadline) {
  while (Running(sandbox_id)) {
    const Instant now = runtime_.Now();
    if (now >= deadline) return false;
    runtime_.SleepUntil(now + kStopPoll);
  }
  return true;
}

Status ProcessSandboxHost::Impl::Stop(const std::string& sandbox_id) {
  if (!SignalIfRunning(sandbox_id, SIGTERM)) return Ok();
  if (!WaitUntilGone(sandbox_id, runtime_.Now() + kStopGrace)) {
    SignalIfRunning(sandbox_id, SIGKILL);
    if (!WaitUntilGone(sandbox_id, runtime_.Now() + kStopGrace)) {
      return Error{Code::kUnavailable, "sandbox " + sandbox_id + " cannot be killed", true};
    }
  }
  {
    Lock lock(mutex_);
    sandboxes_[sandbox_id].output->abandoned = true;
  }
  Wake();
  log_.Write(LogLevel::kInfo, "sandbox_stopped", {{"sandbox_id", sandbox_id}});
  return Ok();
}

std::vector<std::string> ProcessSandboxHost::Impl::RecentOutput(const std::string& sandbox_id) {
  Lock lock(mutex_);
  const auto found = sandboxes_.find(sandbox_id);
  if (found == sandboxes_.end()) return {};
  return found->second.output->ring.Lines();
}

void ProcessSandboxHost::Impl::ForgetOldOutputs() {
  std::vector<std::pair<std::uint64_t, std::string>> ended;
  for (const auto& [id, sandbox] : sandboxes_) {
    if (!sandbox.process) ended.emplace_back(sandbox.started_as, id);
  }
  if (ended.size() <= kKeptOutputs) return;
  const auto oldest = std::min_element(ended.begin(), ended.end());
  sandboxes_[oldest->second].output->abandoned = true;
  sandboxes_.erase(oldest->second);
}

void ProcessSandboxHost::Impl::Tend() {
  while (RunLaunches()) {
    const std::vector<std::shared_ptr<Output>> outputs = OpenOutputs();
    std::vector<pollfd> waits{{wake_fd_, POLLIN, 0}};
    for (const auto& output : outputs) waits.push_back({output->fd, POLLIN, 0});
    if (::poll(waits.data(), waits.size(), -1) < 0) continue;  // a signal
    std::uint64_t wakes = 0;
    [[maybe_unused]] const ssize_t n = ::read(wake_fd_, &wakes, sizeof wakes);
    for (const auto& output : outputs) ReadOutput(*output);
  }
}

// Drops those that have ended from the list that it copies.
std::vector<std::shared_ptr<Output>> ProcessSandboxHost::Impl::OpenOutputs() {
  Lock lock(mutex_);
  const auto ended = [](const std::shared_ptr<Output>& output) { return output->fd < 0; };
  open_outputs_.erase(std::remove_if(open_outputs_.begin(), open_outputs_.end(), ended),
                      open_outputs_.end());
  return open_outputs_;
}

void ProcessSandboxHost::Impl::ReadOutput(Output& output) {
  char piece[kReadBytes];
  bool more_may_come = true;
  for (int i = 0; i < kReadsPerTurn; ++i) {
    const ssize_t n = ::read(output.fd, piece, sizeof piece);
    more_may_come = n > 0 || (n < 0 && (errno == EAGAIN || errno == EINTR));
    if (n <= 0) break;
    Lock lock(mutex_);
    output.ring.Append({piece, static_cast<std::size_t>(n)});
  }
  Lock lock(mutex_);
  if (more_may_come && !output.abandoned) return;
  output.ring.EndLine();
  ::close(output.fd);
  output.fd = -1;
}

bool ProcessSandboxHost::Impl::RunLaunches() {
  std::vector<Launch*> launches;
  {
    Lock lock(mutex_);
    if (ending_) return false;
    launches.swap(launches_);
  }
  for (Launch* launch : launches) {
    Result<ChildProcess> result = ChildProcess::Start(launch->command, launch->output_fd);
    Lock lock(mutex_);
    launch->result = std::move(result);
    launched_->NotifyAll();
  }
  return true;
}

void ProcessSandboxHost::Impl::Wake() {
  const std::uint64_t one = 1;
  [[maybe_unused]] const ssize_t written = ::write(wake_fd_, &one, sizeof one);
}

ProcessSandboxHost::ProcessSandboxHost(std::vector<std::string> command, Runtime& runtime, Log& log)
    : impl_(std::make_unique<Impl>(std::move(command), runtime, log)) {}

ProcessSandboxHost::~ProcessSandboxHost() = default;

Result<SandboxEndpoint> ProcessSandboxHost::Start(const SandboxSpec& spec) {
  return impl_->Start(spec);
}

bool ProcessSandboxHost::Running(const std::string& sandbox_id) {
  return impl_->Running(sandbox_id);
}

Status ProcessSandboxHost::Stop(const std::string& sandbox_id) {
  return impl_->Stop(sandbox_id);
}

std::vector<std::string> ProcessSandboxHost::RecentOutput(const std::string& sandbox_id) {
  return impl_->RecentOutput(sandbox_id);
}

}  // namespace mg
