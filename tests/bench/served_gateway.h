// `moltgate serve` as in production, in a process of its own: its D1, KV, R2 and Access are those
// of a running `up`, its models at any AI Gateway. It has one tenant, "bench", with one key.
#pragma once
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <string>

#include "core/base/json.h"
#include "tests/support/process.h"

namespace mg::test {

inline std::uint16_t FreePort() {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  ::bind(fd, reinterpret_cast<sockaddr*>(&address), size);
  ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size);
  ::close(fd);
  return ntohs(address.sin_port);
}

class ServedGateway {
 public:
  // `models`: the origin of an AI Gateway.
  ServedGateway(const std::string& folder, Running& up, const std::string& models,
                const Json& limits)
      : folder_(folder), port_(FreePort()) {
    std::ofstream(profile_) << DumpJson(Profile(up, models, limits));
    environment_ = {"BENCH_API_TOKEN=" + up.At("api_token"),
                    "BENCH_S3_KEY=" + up.At("s3_access_key_id"),
                    "BENCH_S3_SECRET=" + up.At("s3_secret_access_key")};
    Do({"migrations", "apply"});
    Do({"tenant", "create", "bench"});
    key_ = StringAt(*ParseJson(Do({"key", "create", "bench"})), "key");
    pid_ = SpawnMoltgate({"serve", "--profile", profile_}, folder, environment_, "serve");
    for (int i = 0; i < 500; ++i) {
      if (ReadFile(folder + "/serve.out").find("\"ready\"") != std::string::npos) return;
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    throw std::runtime_error("moltgate serve did not get ready: " +
                             ReadFile(folder + "/serve.err"));
  }
  ~ServedGateway() {
    if (pid_ == 0) return;
    ::kill(pid_, SIGTERM);
    WaitForExit(pid_);
  }
  ServedGateway(const ServedGateway&) = delete;
  ServedGateway& operator=(const ServedGateway&) = delete;

  const std::string& key() const { return key_; }
  std::uint16_t port() const { return port_; }
  pid_t pid() const { return pid_; }

 private:
  Json Profile(Running& up, const std::string& models, const Json& limits) const {
    const Json v4{{"kind", "cloudflare"},
                  {"api_base", up.At("api_base")},
                  {"account_id", up.At("account_id")},
                  {"token_env", "BENCH_API_TOKEN"}};
    Json db = v4, kv = v4;
    db["database_id"] = up.At("d1_database_id");
    kv["namespace_id"] = up.At("kv_namespace_id");
    return {{"environment", "development"},
            {"listen",
             {{"gateway", "127.0.0.1:" + std::to_string(port_)},
              {"management", "127.0.0.1:" + std::to_string(FreePort())}}},
            {"app_domain", "localhost"},
            {"operators", {"ops@example.com"}},
            {"outbox_path", folder_ + "/outbox"},
            {"limits", limits},
            {"bindings",
             {{"TENANT_DB", db},
              {"TENANT_KV", kv},
              {"MOLTBOT_BUCKET",
               {{"kind", "cloudflare"},
                {"endpoint", up.At("s3_endpoint")},
                {"bucket", up.At("r2_bucket")},
                {"access_key_env", "BENCH_S3_KEY"},
                {"secret_env", "BENCH_S3_SECRET"}}}}},
            {"access", {{"team_url", up.At("access_team_url")}, {"aud", {up.At("access_aud")}}}},
            {"ai_gateway",
             {{"kind", "cloudflare"},
              {"base", models + "/v1/account/gateway"},
              {"token_env", "BENCH_API_TOKEN"}}}};
  }
  std::string Do(std::vector<std::string> words) const {
    words.insert(words.end(), {"--profile", profile_});
    const RunOutput run = RunMoltgate(words, folder_, environment_);
    if (run.code != 0) throw std::runtime_error(words[0] + " " + words[1] + ": " + run.err);
    return run.out;
  }

  const std::string folder_;
  const std::uint16_t port_;
  const std::string profile_ = folder_ + "/bench.jsonc";
  std::string key_;
  std::vector<std::string> environment_;
  pid_t pid_ = 0;
};

}  // namespace mg::test
