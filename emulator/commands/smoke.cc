#include <chrono>
#include <functional>
#include <nlohmann/json.hpp>

#include "core/adapters/http_transport.h"
#include "core/base/json.h"
#include "core/gateway/assembly.h"
#include "emulator/commands/private_emulator.h"
#include "emulator/commands/run_commands.h"

namespace mg {
namespace {

constexpr std::string_view kSlug = "smoke";
constexpr std::string_view kMember = "smoke@moltgate.test";
constexpr std::string_view kQuestion = "What is 17 + 25?";
constexpr std::string_view kTruth = "42";
constexpr int kMappings = 10;
constexpr std::size_t kAnswerBytes = 1024 * 1024;

// OPS-1
constexpr double kTotalLimitMs = 30'000;
constexpr double kCreateLimitMs = 2'000;
constexpr double kMappingLimitMs = 200;

struct Leg {
  std::string name;
  double ms = 0;
  std::string detail;
};

class Smoke {
 public:
  Result<std::vector<Leg>> Run();

 private:
  Status Timed(const std::string& name, const std::function<Result<std::string>()>& work);
  Result<Response> Call(std::string method, std::string target, Headers headers, std::string body);
  Result<std::string> StartEmulator();
  Result<std::string> CreateTenant();
  Result<std::string> MapHost();
  Result<std::string> StartAgent();
  Result<std::string> AskAsMember();
  Result<std::string> AskWithKey();
  Status CheckLimits() const;

  PrivateEmulator world_;
  HttpTransport transport_{{}, world_.runtime()};
  CancelToken cancel_;
  std::string cookie_, key_;
  std::vector<Leg> legs_;
};

double Milliseconds(Nanos nanos) {
  return std::chrono::duration<double, std::milli>(nanos).count();
}

Error Unexpected(const std::string& what, const Response& response) {
  return Error{Code::kUnavailable, what + " answered " + std::to_string(response.status) + ": " +
                                       response.body.bytes().substr(0, 200)};
}

Status Smoke::Timed(const std::string& name, const std::function<Result<std::string>()>& work) {
  const Instant began = world_.runtime().Now();
  auto detail = work();
  if (!detail) return Error{detail.error().code, name + ": " + detail.error().message};
  legs_.push_back({name, Milliseconds(world_.runtime().Now() - began), *detail});
  return Ok();
}

Result<Response> Smoke::Call(std::string method, std::string target, Headers headers,
                             std::string body) {
  Request request;
  request.method = std::move(method);
  request.origin = world_.emulator().ready().At("gateway_url");
  request.target = std::move(target);
  request.headers = std::move(headers);
  request.headers.Set("host", std::string(kSlug) + "." + world_.emulator().settings().app_domain);
  if (!body.empty()) request.headers.Set("content-type", "application/json");
  request.body = std::move(body);
  Deadlines deadlines;
  deadlines.total = world_.runtime().Now() + std::chrono::seconds(30);
  MG_TRY(response, transport_.Send(request, deadlines, cancel_));
  MG_RETURN_IF_ERROR(response.body.Buffer(kAnswerBytes, deadlines.total));
  return std::move(response);
}

Result<std::string> Smoke::StartEmulator() {
  MG_RETURN_IF_ERROR(world_.Start());
  return world_.emulator().ready().At("gateway_url");
}

Result<std::string> Smoke::CreateTenant() {
  Registry& registry = *world_.emulator().assembly().services().registry;
  MG_TRY(tenant, registry.CreateTenant({std::string(kSlug), "premium", "web"}, "smoke", cancel_));
  MG_RETURN_IF_ERROR(registry.PutMember(kSlug, kMember, "smoke", cancel_));
  MG_TRY(key, registry.CreateKey(kSlug, "smoke", 0, "smoke", cancel_));
  key_ = key.secret;
  cookie_ = "CF_Authorization=" + world_.emulator().MintToken(std::string(kMember));
  return tenant.sandbox_id;
}

Result<std::string> Smoke::MapHost() {
  for (int i = 0; i < kMappings; ++i) {
    MG_TRY(status, Call("GET", "/api/status", {}, ""));
    if (status.status != 200) return Unexpected("/api/status", status);
  }
  return std::to_string(kMappings) + " requests";
}

Result<std::string> Smoke::StartAgent() {
  MG_TRY(page, Call("GET", "/", {{"cookie", cookie_}}, ""));
  if (page.status != 200) return Unexpected("the agent's page", page);
  return std::string("control page");
}

Result<std::string> Smoke::AskAsMember() {
  MG_TRY(answer, Call("POST", "/chat", {{"cookie", cookie_}}, DumpJson({{"message", kQuestion}})));
  auto json = ParseJson(answer.body.bytes());
  if (answer.status != 200 || !json) return Unexpected("POST /chat", answer);
  const std::string reply = StringAt(*json, "reply");
  if (reply.find(kTruth) == std::string::npos || IntAt(*json, "step", -1) != 0)
    return Unexpected("POST /chat", answer);
  return StringAt(*json, "model");
}

Result<std::string> Smoke::AskWithKey() {
  const Json body{{"messages", Json::array({{{"role", "user"}, {"content", kQuestion}}})}};
  MG_TRY(answer, Call("POST", "/v1/chat/completions", {{"authorization", "Bearer " + key_}},
                      DumpJson(body)));
  if (answer.status != 200 || answer.headers.Get("cf-aig-step") != "0" ||
      answer.body.bytes().find(kTruth) == std::string::npos) {
    return Unexpected("/v1/chat/completions", answer);
  }
  return std::string(answer.headers.Get("x-moltgate-model"));
}

Status Smoke::CheckLimits() const {
  double total = 0;
  for (const Leg& leg : legs_) {
    total += leg.ms;
    const bool mapping = leg.name == "map host to tenant";
    const double ms = mapping ? leg.ms / kMappings : leg.ms;
    const double limit = mapping                       ? kMappingLimitMs
                         : leg.name == "create tenant" ? kCreateLimitMs
                                                       : kTotalLimitMs;
    if (ms > limit) {
      return Error{Code::kTimeout, leg.name + " took " + std::to_string(ms) + " ms; the limit is " +
                                       std::to_string(limit)};
    }
  }
  if (total > kTotalLimitMs) return Error{Code::kTimeout, "all legs together took more than 30 s"};
  return Ok();
}

Result<std::vector<Leg>> Smoke::Run() {
  MG_RETURN_IF_ERROR(Timed("start emulator", [&] { return StartEmulator(); }));
  MG_RETURN_IF_ERROR(Timed("create tenant", [&] { return CreateTenant(); }));
  MG_RETURN_IF_ERROR(Timed("map host to tenant", [&] { return MapHost(); }));
  MG_RETURN_IF_ERROR(Timed("start agent", [&] { return StartAgent(); }));
  MG_RETURN_IF_ERROR(Timed("member asks agent", [&] { return AskAsMember(); }));
  MG_RETURN_IF_ERROR(Timed("key asks model", [&] { return AskWithKey(); }));
  MG_RETURN_IF_ERROR(Timed("stop", [&]() -> Result<std::string> {
    world_.Stop();
    return std::string("drained");
  }));
  MG_RETURN_IF_ERROR(CheckLimits());
  return legs_;
}

double Tenths(double ms) {
  return static_cast<double>(static_cast<std::int64_t>(ms * 10 + 0.5)) / 10;
}

}  // namespace

int RunSmoke(Format format) {
  Smoke smoke;
  auto legs = smoke.Run();
  if (!legs) return Fail("smoke", {Code::kInvalid, legs.error().message, false});
  nlohmann::ordered_json items = nlohmann::ordered_json::array();
  double total = 0;
  for (const Leg& leg : *legs) {
    total += leg.ms;
    items.push_back({{"leg", leg.name}, {"ms", Tenths(leg.ms)}, {"detail", leg.detail}});
  }
  items.push_back({{"leg", "total"}, {"ms", Tenths(total)}, {"detail", "ok"}});
  Print({{"items", std::move(items)}}, format);
  return kExitOk;
}

}  // namespace mg
