// The whole system in one object, in process, on a clock that the test moves: the real gateway,
// clients and fakes; an agent that answers what it was sent; no socket.
#pragma once
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "core/base/ids.h"
#include "core/base/json.h"
#include "core/gateway/assembly.h"
#include "core/services/migrations.h"
#include "fakes/access/access.h"
#include "fakes/ai/gateway.h"
#include "fakes/cloud.h"
#include "fakes/d1/d1.h"
#include "fakes/edge/edge.h"
#include "fakes/faults.h"
#include "fakes/kv/kv.h"
#include "fakes/r2/r2.h"
#include "tests/support/fixed_random.h"
#include "tests/support/local_transport.h"
#include "tests/support/recording_log.h"
#include "tests/support/stepped_runtime.h"

namespace mg::test {

inline constexpr const char* kApiOrigin = "http://cloud.test";
inline constexpr const char* kS3Origin = "http://s3.test";
inline constexpr const char* kAgentOrigin = "http://agent.test";
inline constexpr const char* kOperator = "root@moltgate.test";

class NoDisk final : public Disk {  // the world's usage rows wait in memory
 public:
  Status Append(const std::string&, std::string_view) override { return Ok(); }
  Status Sync(const std::string&) override { return Ok(); }
  Result<std::string> Read(const std::string& path) override {
    return Error{Code::kNotFound, path, false};
  }
  Status Replace(const std::string&, std::string_view) override { return Ok(); }
  Result<std::vector<std::string>> List(const std::string&) override {
    return std::vector<std::string>{};
  }
  Status Remove(const std::string&) override { return Ok(); }
};

// Answers /health, and everything else with what it was sent, so that a test sees what an agent
// sees.
class EchoAgent final : public Handler {
 public:
  std::vector<std::string> cookies{"CF_Authorization=stolen",
                                   "own=1"};  // set before the first call

  Response Handle(Request& request, const Peer&, CancelToken&) override {
    if (request.Path() == "/health") return JsonResponse(200, "{}");
    static_cast<void>(request.body.Buffer(1 << 20, kNever));
    Json headers = Json::object();
    for (const Headers::Line& line : request.headers.lines())
      headers[AsLower(line.name)] = line.value;
    Response response = JsonResponse(200, DumpJson({{"method", request.method},
                                                    {"target", request.target},
                                                    {"headers", headers},
                                                    {"body", request.body.bytes()}}));
    for (const std::string& cookie : cookies) response.headers.Add("set-cookie", cookie);
    response.headers.Add("connection", "keep-alive");
    return response;
  }

 private:
  static std::string AsLower(std::string text) {
    for (char& c : text) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    return text;
  }
};

class OneAgentHost final : public SandboxHost {
 public:
  bool refuses = false;  // to start anything; set before the first call

  Result<SandboxEndpoint> Start(const SandboxSpec& spec) override {
    const std::lock_guard lock(mutex_);
    if (refuses) return Error{Code::kUnavailable, "it will not start", true};
    ++starts_;
    running_[spec.sandbox_id] = spec;
    return SandboxEndpoint{kAgentOrigin, 4711};
  }
  bool Running(const std::string& sandbox_id) override {
    const std::lock_guard lock(mutex_);
    return running_.count(sandbox_id) != 0;
  }
  Status Stop(const std::string& sandbox_id) override {
    const std::lock_guard lock(mutex_);
    running_.erase(sandbox_id);
    return Ok();
  }
  std::vector<std::string> RecentOutput(const std::string&) override { return {"last line"}; }
  std::string Environment(const std::string& sandbox_id, const std::string& name) {
    const std::lock_guard lock(mutex_);
    return running_.at(sandbox_id).environment[name];
  }
  int starts() {
    const std::lock_guard lock(mutex_);
    return starts_;
  }

 private:
  std::mutex mutex_;
  int starts_ = 0;
  std::map<std::string, SandboxSpec> running_;
};

class World {
 public:
  // Changes the settings before anything is built from them.
  using Adjust = std::function<void(Settings&)>;

  explicit World(const Adjust& adjust = nullptr, std::size_t max_in_flight = kMaxInFlight)
      : credentials(fake::MakeCredentials(random)),
        kv(credentials, "", runtime),
        d1(credentials, "", runtime),
        r2(credentials, "", runtime),
        access(credentials, Site(), runtime, random),
        ai(credentials, "", runtime, random, faults),
        cloud(credentials, {&kv, &d1, &r2, &access, &ai}, runtime, journal, faults),
        s3(credentials, r2, runtime, journal, faults),
        settings(Made(adjust)),
        assembly(settings, Ports{runtime, random, log, transport, disk, agents},
                 {"http://model.test/internal/model/v1", 1000, max_in_flight}),
        zone(WithoutRules(), runtime),
        edge(assembly.gateway().public_listener(), &access, zone, faults, runtime, random,
             journal) {
    transport.Route(kApiOrigin, cloud);
    transport.Route(kS3Origin, s3);
    transport.Route(kAgentOrigin, agent);
    if (assembly.db() != nullptr) {
      auto applied = ApplyMigrations(*assembly.db(), cancel);
      if (!applied) throw std::runtime_error(applied.error().message);
    }
    assembly.services().usage.Start();
  }
  ~World() { assembly.Stop(std::chrono::seconds(5)); }

  Registry& registry() { return *assembly.services().registry; }

  TenantRecord AddTenant(const std::string& slug, const std::string& tier = "free") {
    return Must(registry().CreateTenant({slug, tier, "web"}, "test", cancel));
  }
  std::string AddKey(const std::string& slug, std::int64_t limit = 0) {
    return Must(registry().CreateKey(slug, "test", limit, "test", cancel)).secret;
  }
  void AddMember(const std::string& slug, const std::string& subject) {
    Must(registry().PutMember(slug, subject, "test", cancel));
  }
  std::string Cookie(const std::string& email) {
    fake::Mint mint;
    mint.email = email;
    return "CF_Authorization=" + access.MintToken(mint);
  }
  void FollowChanges() { Must(assembly.FollowRegistryOnce(cancel)); }
  void Advance(Nanos d) { runtime.Advance(d); }
  // Everything recorded so far is in D1 afterwards; recording ends.
  // (A deadline would pass at once, were the senders busy while the clock looks for the next wait.)
  void FlushUsage() { assembly.services().usage.Stop(kNever); }
  std::vector<D1Row> Rows(const std::string& sql) {
    return Must(assembly.db()->Query({sql, {}}, cancel)).rows;
  }

  // Through the edge, as a client of this address. `host` may be a slug.
  Response Send(const std::string& method, const std::string& host, const std::string& target,
                Headers headers = {}, const std::string& body = "") {
    Request request;
    request.method = method;
    request.target = target;
    request.headers = std::move(headers);
    const bool slug = host.find('.') == std::string::npos && !host.empty();
    request.headers.Set("host", slug ? host + ".localhost:8787" : host);
    request.body = body;
    return edge.Handle(request, Peer{client_address, false}, cancel);
  }
  Response Get(const std::string& host, const std::string& target, Headers headers = {}) {
    return Send("GET", host, target, std::move(headers));
  }
  Response Chat(const std::string& slug, const std::string& key, const std::string& message,
                const std::string& extra = "") {
    return Send("POST", slug, "/v1/chat/completions",
                {{"authorization", "Bearer " + key}, {"content-type", "application/json"}},
                R"({"messages":[{"role":"user","content":")" + message + R"("}])" + extra + "}");
  }
  Response Internal(const std::string& token, const std::string& body) {
    Request request;
    request.method = "POST";
    request.target = "/internal/model/v1/chat/completions";
    request.headers = {{"host", "127.0.0.1"},
                       {"authorization", "Bearer " + token},
                       {"content-type", "application/json"}};
    request.body = body;
    return assembly.gateway().internal_listener().Handle(request, Peer{"127.0.0.1", false}, cancel);
  }
  Response Admin(const std::string& method, const std::string& target,
                 const std::string& body = "") {
    return Send(method, "admin.localhost", target,
                {{"cookie", Cookie(kOperator)}, {"content-type", "application/json"}}, body);
  }

  SteppedRuntime runtime;
  FixedRandom random{7};
  RecordingLog log;
  LocalTransport transport{runtime};
  NoDisk disk;
  EchoAgent agent;
  OneAgentHost agents;
  CancelToken cancel;
  fake::Journal journal;
  fake::Faults faults{runtime, 1};
  fake::Credentials credentials;
  fake::Kv kv;
  fake::D1 d1;
  fake::R2 r2;
  fake::Access access;
  fake::AiGateway ai;
  fake::CloudApi cloud;
  fake::CloudS3 s3;
  Settings settings;
  Assembly assembly;
  fake::Zone zone;
  fake::Edge edge;
  std::string client_address = "203.0.113.7";

 private:
  template <class T>
  static T Must(Result<T> result) {
    if (!result) throw std::runtime_error(result.error().message);
    return std::move(result).value();
  }

  // What the WAF refuses is the edge's own tests' matter.
  static fake::EdgeSettings WithoutRules() {
    fake::EdgeSettings settings;
    settings.rules.clear();
    return settings;
  }

  fake::AccessSite Site() const {
    fake::AccessSite site;
    site.team_url = kApiOrigin;
    site.app_domain = "localhost";
    site.operator_host = "admin.localhost";
    return site;
  }

  Settings Made(const Adjust& adjust) const {
    const std::string api_base = std::string(kApiOrigin) + "/client/v4";
    Settings made;
    made.environment = Environment::kTest;
    made.app_domain = "localhost";
    made.operator_host = "admin.localhost";
    made.operators = {kOperator};
    made.gateway_token = credentials.gateway_token;
    made.bindings.bucket = R2Binding{kS3Origin, credentials.r2_bucket, credentials.s3_access_key_id,
                                     credentials.s3_secret_access_key};
    made.bindings.db = D1Binding{api_base, credentials.account_id, credentials.d1_database_id,
                                 credentials.api_token};
    made.bindings.kv = KvBinding{api_base, credentials.account_id, credentials.kv_namespace_id,
                                 credentials.api_token};
    made.access = {kApiOrigin,
                   std::string(kApiOrigin) + "/cdn-cgi/access/certs",
                   {credentials.access_aud},
                   false};
    made.ai_gateway.base =
        std::string(kApiOrigin) + "/v1/" + credentials.account_id + "/" + credentials.ai_gateway_id;
    made.ai_gateway.account_id = credentials.account_id;
    made.ai_gateway.gateway_id = credentials.ai_gateway_id;
    made.ai_gateway.api_key = credentials.ai_gateway_token;
    made.ai_gateway.workers_ai_token = credentials.api_token;
    if (adjust) adjust(made);
    return made;
  }
};

}  // namespace mg::test
