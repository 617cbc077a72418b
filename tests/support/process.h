// The moltgate program itself, run by tests as a person would: in a folder of its own, over real
// sockets.
#pragma once
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "core/adapters/http_transport.h"
#include "core/adapters/thread_runtime.h"
#include "core/http/message.h"
#include "emulator/ready.h"

extern char** environ;

namespace mg::test {

class TempFolder {
 public:
  TempFolder() {
    char name[] = "/tmp/moltgate-test-XXXXXX";
    if (::mkdtemp(name) == nullptr) throw std::runtime_error("mkdtemp");
    path_ = name;
  }
  ~TempFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;
  const std::string& path() const { return path_; }
  std::string Write(const std::string& name, const std::string& text) const {
    std::ofstream(path_ + "/" + name) << text;
    return path_ + "/" + name;
  }

 private:
  std::string path_;
};

inline std::string ReadFile(const std::string& path) {
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

inline pid_t SpawnMoltgate(const std::vector<std::string>& arguments, const std::string& folder,
                           const std::vector<std::string>& extra_environment = {},
                           const std::string& output = "up") {
  std::vector<std::string> words{MOLTGATE_BINARY};  // set by CMake
  words.insert(words.end(), arguments.begin(), arguments.end());
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  std::vector<std::string> variables(extra_environment);
  for (char** entry = environ; *entry != nullptr; ++entry) variables.emplace_back(*entry);
  std::vector<char*> envp;
  for (std::string& variable : variables) envp.push_back(variable.data());
  envp.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addchdir_np(&actions, folder.c_str());
  posix_spawn_file_actions_addopen(&actions, 1, (folder + "/" + output + ".out").c_str(),
                                   O_WRONLY | O_CREAT | O_TRUNC, 0600);
  posix_spawn_file_actions_addopen(&actions, 2, (folder + "/" + output + ".err").c_str(),
                                   O_WRONLY | O_CREAT | O_TRUNC, 0600);
  pid_t child = 0;
  const int failed =
      ::posix_spawn(&child, words[0].c_str(), &actions, nullptr, argv.data(), envp.data());
  posix_spawn_file_actions_destroy(&actions);
  if (failed != 0) throw std::runtime_error("cannot run " + words[0]);
  return child;
}

inline int WaitForExit(pid_t child) {
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

struct RunOutput {
  int code = 0;
  std::string out, err;
};

inline RunOutput RunMoltgate(const std::vector<std::string>& arguments, const std::string& folder,
                             const std::vector<std::string>& extra_environment = {}) {
  const int code = WaitForExit(SpawnMoltgate(arguments, folder, extra_environment, "command"));
  return {code, ReadFile(folder + "/command.out"), ReadFile(folder + "/command.err")};
}

// `moltgate up` on free ports, ready when constructed.
class Running {
 public:
  explicit Running(const std::string& folder, std::vector<std::string> extra = {},
                   const std::vector<std::string>& environment = {})
      : folder_(folder) {
    std::vector<std::string> arguments{"up", "--port-base", "0", "--ready-file",
                                       folder + "/ready.json"};
    arguments.insert(arguments.end(), extra.begin(), extra.end());
    std::filesystem::remove(folder + "/ready.json");
    pid_ = SpawnMoltgate(arguments, folder, environment);
    for (int i = 0; i < 2000; ++i) {
      if (std::filesystem::exists(folder + "/ready.json")) {
        auto ready = ReadyFromJson(ReadFile(folder + "/ready.json"));
        if (!ready) throw std::runtime_error(ready.error().message);
        ready_ = *ready;
        return;
      }
      if (::waitpid(pid_, nullptr, WNOHANG) == pid_) break;
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    pid_ = 0;
    throw std::runtime_error("moltgate up did not get ready: " + ReadFile(folder + "/up.err"));
  }
  ~Running() {
    if (pid_ != 0) Kill(SIGKILL);
  }
  Running(const Running&) = delete;
  Running& operator=(const Running&) = delete;

  int Kill(int signal) {
    ::kill(pid_, signal);
    return WaitForExit(std::exchange(pid_, 0));
  }
  pid_t pid() const { return pid_; }
  std::string At(const std::string& name) const { return ready_.At(name); }

  Response Call(const std::string& method, const std::string& host, const std::string& target,
                Headers headers = {}, const std::string& body = "") {
    Request request;
    request.method = method;
    request.origin = At("gateway_url");
    request.target = target;
    request.headers = std::move(headers);
    request.headers.Set("host", host);
    return Send(std::move(request), body);
  }
  Response Control(const std::string& method, const std::string& target,
                   const std::string& body = "") {
    Request request;
    request.method = method;
    request.origin = At("management_url");
    request.target = "/control/v1" + target;
    request.headers = {{"authorization", "Bearer " + At("management_token")}};
    return Send(std::move(request), body);
  }
  Response Send(Request request, const std::string& body) {
    if (!body.empty() && !request.headers.Has("content-type"))
      request.headers.Set("content-type", "application/json");
    request.body = body;
    Deadlines deadlines;
    deadlines.total = runtime_.Now() + std::chrono::seconds(20);
    CancelToken cancel;
    auto response = transport_.Send(request, deadlines, cancel);
    if (!response) throw std::runtime_error(response.error().message);
    if (!response->body.Buffer(16 << 20, deadlines.total))
      throw std::runtime_error("the body did not arrive");
    return std::move(*response);
  }
  Response Chat(const std::string& key, const std::string& message) {
    return Call("POST", At("demo_tenant_host"), "/v1/chat/completions",
                {{"authorization", "Bearer " + key}},
                R"({"messages":[{"role":"user","content":")" + message + R"("}]})");
  }

 private:
  std::string folder_;
  pid_t pid_ = 0;
  Ready ready_;
  ThreadRuntime runtime_;
  HttpTransport transport_{{}, runtime_};
};

}  // namespace mg::test
