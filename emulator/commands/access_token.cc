#include <chrono>
#include <iostream>

#include "core/adapters/http_transport.h"
#include "core/adapters/thread_runtime.h"
#include "core/base/json.h"
#include "core/http/message.h"
#include "emulator/commands/run_commands.h"
#include "emulator/state.h"

namespace mg {
namespace {

constexpr std::chrono::seconds kControlTime{10};
constexpr std::size_t kAnswerBytes = std::size_t{4} << 20;

Result<Json> AskedFor(const TokenOptions& options) {
  Json mint = Json::object();
  if (!options.email.empty()) mint["email"] = options.email;
  if (!options.service.empty()) mint["common_name"] = options.service;
  if (options.expired) mint["expired"] = true;
  if (options.wrong_audience) mint["wrong_audience"] = true;
  if (options.previous_key) mint["previous_key"] = true;
  if (!options.lifetime.empty()) mint["lifetime"] = options.lifetime;
  if (!options.clock_offset.empty()) mint["clock_offset"] = options.clock_offset;
  if (!options.signed_by.empty()) mint["signed_by"] = options.signed_by;
  if (!options.damage.empty()) mint["damage"] = options.damage;
  for (const std::string& claim : options.claims) {
    const std::size_t equals = claim.find('=');
    if (equals == std::string::npos || equals == 0)
      return Error{Code::kInvalid, "--claim is name=value: " + claim, false};
    const std::string text = claim.substr(equals + 1);
    auto value = ParseJson(text);
    mint["claims"][claim.substr(0, equals)] = value ? std::move(*value) : Json(text);
  }
  for (const std::string& name : options.without) mint["claims"][name] = nullptr;
  return mint;
}

// The running fake signs: with the keys and by the clock that it has now.
Result<std::string> MintThere(const Ready& ready, const Json& mint) {
  ThreadRuntime runtime;
  HttpTransport transport({}, runtime);
  Request request;
  request.method = "POST";
  request.origin = ready.At("management_url");
  request.target = "/control/v1/access/mint";
  request.headers = {{"authorization", "Bearer " + ready.At("management_token")},
                     {"content-type", "application/json"}};
  request.body = DumpJson(mint);
  Deadlines deadlines;
  deadlines.first_byte = deadlines.total = runtime.Now() + kControlTime;
  CancelToken nobody;
  MG_TRY(answer, transport.Send(request, deadlines, nobody));
  MG_RETURN_IF_ERROR(answer.body.Buffer(kAnswerBytes, deadlines.total));
  MG_TRY(json, ParseJson(answer.body.bytes()));
  if (answer.status != 200) return Error{Code::kInvalid, StringAt(json, "error"), false};
  return StringAt(json, "token");
}

}  // namespace

int AccessToken(const TokenOptions& options) {
  auto ready = FindRunning();
  if (!ready) return Fail("access token", ready.error());
  if (ready->At("access_aud").empty()) {
    return Fail("access token", {Code::kInvalid, "the running emulator has no Access fake", false});
  }
  auto mint = AskedFor(options);
  if (!mint) return Fail("access token", mint.error());
  auto token = MintThere(*ready, *mint);
  if (!token) return Fail("access token", token.error());
  std::cout << *token << std::endl;
  return kExitOk;
}

}  // namespace mg
