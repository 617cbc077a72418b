#include "core/adapters/process_sandbox_host.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>

#include "core/adapters/output_ring.h"
#include "tests/core/adapters/support.h"

namespace mg {
namespace {

using Lines = std::vector<std::string>;

bool Alive(std::int64_t process_id) {
  return ::kill(static_cast<pid_t>(process_id), 0) == 0;
}

class ProcessSandboxHostTest : public testing::Test {
 protected:
  void Make(const std::string& script) { MakeCommand({"/bin/sh", "-c", script}); }
  void MakeCommand(std::vector<std::string> command) {
    host_ = std::make_unique<ProcessSandboxHost>(std::move(command), runtime_, log_);
  }
  SandboxEndpoint Start(const std::string& id = "sk-1",
                        std::map<std::string, std::string> environment = {}) {
    const Result<SandboxEndpoint> started = host_->Start({id, std::move(environment)});
    EXPECT_TRUE(started.ok()) << (started ? "" : started.error().message);
    return started ? *started : SandboxEndpoint{};
  }
  bool Printed(const std::string& line, const std::string& id = "sk-1") {
    return Eventually([&] {
      const Lines lines = host_->RecentOutput(id);
      return std::find(lines.begin(), lines.end(), line) != lines.end();
    });
  }
  bool Ended(const std::string& id = "sk-1") {
    return Eventually([&] { return !host_->Running(id); });
  }

  ThreadRuntime runtime_;
  MemoryLog log_;
  std::unique_ptr<ProcessSandboxHost> host_;
};

TEST_F(ProcessSandboxHostTest, GivesTheProcessItsEnvironmentAndNothingElse) {
  ::setenv("MOLTGATE_SECRET_OF_THE_PARENT", "1", 1);
  MakeCommand({"env"});  // found in the PATH
  const SandboxEndpoint endpoint = Start("sk-1", {{"A", "b c=d"}, {"PATH", "/usr/bin:/bin"}});
  ASSERT_TRUE(Ended());
  ASSERT_TRUE(Printed("A=b c=d"));
  Lines lines = host_->RecentOutput("sk-1");
  std::sort(lines.begin(), lines.end());
  const std::string port = endpoint.origin.substr(std::string("http://127.0.0.1:").size());
  EXPECT_EQ(lines, (Lines{"A=b c=d", "PATH=/usr/bin:/bin", "PORT=" + port}));
  EXPECT_GT(std::stoi(port), 0);
}

TEST_F(ProcessSandboxHostTest, AddsThePathWhenTheSpecHasNone) {
  MakeCommand({"env"});
  Start();
  EXPECT_TRUE(Printed(std::string("PATH=") + std::getenv("PATH")));
}

TEST_F(ProcessSandboxHostTest, GivesTheProcessNoDescriptorsButTheStandardOnes) {
  ServerFixture fixture([](Request&, const Peer&, CancelToken&) { return Response{}; });
  RawConnection client = fixture.Connect();
  Make("for f in /proc/self/fd/*; do test -e $f && echo open ${f##*/}; done; echo done");
  Start();
  ASSERT_TRUE(Printed("done"));
  for (const std::string& line : host_->RecentOutput("sk-1")) {
    EXPECT_TRUE(line == "open 0" || line == "open 1" || line == "open 2" || line == "done") << line;
  }
}

TEST_F(ProcessSandboxHostTest, KeepsBothOutputsAndAnUnfinishedLastLine) {
  Make("echo out; echo err >&2; printf unfinished");
  Start();
  EXPECT_TRUE(Printed("out"));
  EXPECT_TRUE(Printed("err"));
  EXPECT_TRUE(Printed("unfinished"));
}

TEST_F(ProcessSandboxHostTest, TellsARunningProcessFromOneThatEndedAndLeavesNoZombie) {
  Make("read line < /dev/zero & exec sleep ${SECONDS_TO_LIVE}");
  const SandboxEndpoint endpoint = Start("sk-1", {{"SECONDS_TO_LIVE", "0.05"}});
  EXPECT_TRUE(host_->Running("sk-1"));
  EXPECT_FALSE(host_->Running("sk-unknown"));
  EXPECT_TRUE(Ended());
  EXPECT_FALSE(Alive(endpoint.process_id)) << "a zombie still takes signals";
}

TEST_F(ProcessSandboxHostTest, StopEndsTheWholeGroup) {
  Make("sleep 100 & echo child $!; wait");
  const SandboxEndpoint endpoint = Start();
  std::int64_t child = 0;
  ASSERT_TRUE(Eventually([&] {
    const Lines lines = host_->RecentOutput("sk-1");
    if (lines.empty()) return false;
    child = std::stoll(lines[0].substr(6));
    return true;
  }));
  const Instant before = runtime_.Now();
  ASSERT_TRUE(host_->Stop("sk-1"));
  EXPECT_LT(runtime_.Now() - before, 2s);
  EXPECT_FALSE(host_->Running("sk-1"));
  EXPECT_FALSE(Alive(endpoint.process_id));
  // An orphan is reaped by init; where there is none it stays a zombie, which does not run either.
  EXPECT_TRUE(Eventually([&] {
    std::string state;
    std::ifstream file("/proc/" + std::to_string(child) + "/stat");
    std::getline(file, state, ')');
    std::getline(file, state);
    return !file || state.compare(0, 2, " Z") == 0;
  }));
  EXPECT_TRUE(host_->Stop("sk-1")) << "stopping it again is fine";
  EXPECT_TRUE(host_->Stop("sk-unknown"));
}

TEST_F(ProcessSandboxHostTest, StopAsksBeforeItKills) {
  Make("trap 'echo asked; exit 0' TERM; echo ready; while :; do sleep 0.01; done");
  Start();
  ASSERT_TRUE(Printed("ready"));
  ASSERT_TRUE(host_->Stop("sk-1"));
  EXPECT_TRUE(Printed("asked"));
}

TEST_F(ProcessSandboxHostTest, StopKillsAProcessThatDoesNotListen) {
  Make("trap '' TERM; echo ready; while :; do sleep 0.05; done");
  const SandboxEndpoint endpoint = Start();
  ASSERT_TRUE(Printed("ready"));
  ASSERT_TRUE(host_->Stop("sk-1"));
  EXPECT_FALSE(Alive(endpoint.process_id));
}

TEST_F(ProcessSandboxHostTest, StartsAgainAfterACrashAndKeepsItsLastWords) {
  Make("echo run $RUN; exit 3");
  Start("sk-1", {{"RUN", "1"}});
  ASSERT_TRUE(Printed("run 1"));
  ASSERT_TRUE(Ended());
  Start("sk-1", {{"RUN", "2"}});
  EXPECT_TRUE(Printed("run 2"));
  EXPECT_TRUE(Printed("run 1"));
}

TEST_F(ProcessSandboxHostTest, ASecondStartOfARunningSandboxIsAConflict) {
  Make("exec sleep 100");
  Start();
  const Result<SandboxEndpoint> second = host_->Start({"sk-1", {}});
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, Code::kConflict);
}

TEST_F(ProcessSandboxHostTest, SaysWhyAProgramCannotRun) {
  MakeCommand({"/no/such/program"});
  const Result<SandboxEndpoint> started = host_->Start({"sk-1", {}});
  ASSERT_FALSE(started);
  EXPECT_EQ(started.error().code, Code::kUnavailable);
  EXPECT_EQ(started.error().message, "cannot run /no/such/program: No such file or directory");
  EXPECT_FALSE(host_->Running("sk-1"));
  MakeCommand({"/bin/true"});
  EXPECT_EQ(host_->Start({"sk-1", {{"A=B", "c"}}}).error().code, Code::kInvalid);
}

TEST_F(ProcessSandboxHostTest, RunsManySideBySideOnPortsOfTheirOwn) {
  Make("echo $NAME on $PORT; exec sleep 100");
  std::vector<std::string> origins;
  for (int i = 0; i < 8; ++i) {
    const std::string name = "sk-" + std::to_string(i);
    origins.push_back(Start(name, {{"NAME", name}}).origin);
    EXPECT_TRUE(Printed(name + " on " + origins.back().substr(17), name));
  }
  std::sort(origins.begin(), origins.end());
  EXPECT_EQ(std::unique(origins.begin(), origins.end()), origins.end());
}

TEST_F(ProcessSandboxHostTest, ItsEndStopsEveryProcess) {
  Make("exec sleep 100");
  const SandboxEndpoint first = Start("sk-1");
  const SandboxEndpoint second = Start("sk-2");
  host_.reset();
  EXPECT_FALSE(Alive(first.process_id));
  EXPECT_FALSE(Alive(second.process_id));
}

TEST_F(ProcessSandboxHostTest, AChildDoesNotOutliveAParentThatIsKilled) {
  int pipe[2];
  ASSERT_EQ(::pipe2(pipe, O_CLOEXEC), 0);
  const pid_t parent = ::fork();
  if (parent == 0) {
    // Its threads are its own: nothing of the test's runtime is used here.
    ThreadRuntime runtime;
    MemoryLog log;
    ProcessSandboxHost host({"/bin/sleep", "100"}, runtime, log);
    const Result<SandboxEndpoint> started = host.Start({"sk-1", {}});
    const std::int64_t id = started ? started->process_id : 0;
    [[maybe_unused]] const ssize_t n = ::write(pipe[1], &id, sizeof id);
    ::pause();
    ::_exit(0);
  }
  std::int64_t child = 0;
  ASSERT_EQ(::read(pipe[0], &child, sizeof child), static_cast<ssize_t>(sizeof child));
  ASSERT_GT(child, 0);
  EXPECT_TRUE(Alive(child));
  ::kill(parent, SIGKILL);
  ::waitpid(parent, nullptr, 0);
  EXPECT_TRUE(Eventually([&] {
    std::string state;
    std::ifstream file("/proc/" + std::to_string(child) + "/stat");
    std::getline(file, state, ')');
    std::getline(file, state);
    return !file || state.compare(0, 2, " Z") == 0;
  }));
  ::close(pipe[0]);
  ::close(pipe[1]);
}

TEST(OutputRing, KeepsTheLastLinesAndTheStartOfLongOnes) {
  OutputRing ring;
  for (int i = 0; i < 150; ++i) ring.Append("line " + std::to_string(i) + "\n");
  EXPECT_EQ(ring.Lines().size(), OutputRing::kMaxLines);
  EXPECT_EQ(ring.Lines().front(), "line 50");
  ring.Append(std::string(10'000, 'x'));
  ring.Append(std::string(10'000, 'y') + "\nnext");
  EXPECT_EQ(ring.Lines()[ring.Lines().size() - 2], std::string(OutputRing::kMaxLineBytes, 'x'));
  EXPECT_EQ(ring.Lines().back(), "next");
  ring.EndLine();
  ring.Append("after\n");
  EXPECT_EQ(ring.Lines().back(), "after");
}

}  // namespace
}  // namespace mg
