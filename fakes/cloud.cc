#include "fakes/cloud.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <utility>

#include "core/base/bytes.h"
#include "core/base/digest.h"
#include "core/base/json.h"
#include "fakes/r2/rest.h"
#include "fakes/v4.h"

namespace mg::fake {
namespace {

using Parts = std::vector<std::string_view>;

constexpr std::string_view kV4Prefix = "/client/v4/";
constexpr std::string_view kAiGatewayPrefix = "/v1/";
constexpr std::string_view kAccessPrefix = "/cdn-cgi/access/";

constexpr std::ptrdiff_t kAccountSegments = 4;  // client v4 accounts {account}

constexpr const char* kTokenId = "f1e2d3c4b5a697887766554433221100";
constexpr const char* kUserId = "7c5dae5552338874e5053f2534d2767a";
constexpr const char* kUserEmail = "dev@example.test";
constexpr const char* kAccountName = "Local";

bool StartsWith(std::string_view text, std::string_view prefix) {
  return text.substr(0, prefix.size()) == prefix;
}

// As the edge's: unique among this listener's calls, and the same in every run.
std::string RayId(std::uint64_t number) {
  std::uint64_t z = number * 0x9e3779b97f4a7c15ULL;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
  z ^= z >> 27;
  std::array<char, 24> text{};
  std::snprintf(text.data(), text.size(), "%016llx-AMS", static_cast<unsigned long long>(z));
  return text.data();
}

// Whether it is a probe. The header goes in either case: it is not the services'.
bool TakeProbe(Request& request, const Credentials& credentials) {
  if (!request.headers.Has(kProbeHeader)) return false;
  const std::string token(request.headers.Get(kProbeHeader));
  request.headers.Remove(kProbeHeader);
  return !credentials.management_token.empty() &&
         ConstantTimeEqual(token, credentials.management_token);
}

Response MalformedHeaders() {
  const Json chain =
      Json::array({{{"code", 6111}, {"message", "Invalid format for Authorization header"}}});
  const Json errors = Json::array(
      {{{"code", 6003}, {"message", "Invalid request headers"}, {"error_chain", chain}}});
  return JsonResponse(400, DumpJson(Json{{"result", nullptr},
                                         {"success", false},
                                         {"errors", errors},
                                         {"messages", Json::array()}}));
}

// One page with the one item there is; a page past the end is empty, or clients never stop.
Response OnlyPage(const Request& request, Json item) {
  const auto text = QueryValue(request.Query(), "page");
  const std::uint64_t page = text ? ParseUint(*text).value_or(1) : 1;
  Json result = Json::array();
  if (page <= 1) result.push_back(std::move(item));
  const std::size_t count = result.size();
  return JsonResponse(200, DumpJson(Json{{"result", std::move(result)},
                                         {"success", true},
                                         {"errors", Json::array()},
                                         {"messages", Json::array()},
                                         {"result_info",
                                          {{"page", page},
                                           {"per_page", 20},
                                           {"count", count},
                                           {"total_count", 1},
                                           {"total_pages", 1}}}}));
}

Response TokenIsActive() {
  const Json message = {{"code", 10000}, {"message", "This API Token is valid and active"}};
  return JsonResponse(200, DumpJson(Json{{"result", {{"id", kTokenId}, {"status", "active"}}},
                                         {"success", true},
                                         {"errors", Json::array()},
                                         {"messages", Json::array({message})}}));
}

Response EmptyAnalytics() {
  const Json account = {{"d1AnalyticsAdaptiveGroups", Json::array()},
                        {"r2StorageAdaptiveGroups", Json::array()}};
  const Json viewer = {{"accounts", Json::array({account})}};
  return JsonResponse(200, DumpJson(Json{{"data", {{"viewer", viewer}}}, {"errors", nullptr}}));
}

}  // namespace

struct CloudApi::Call {
  Request& request;
  CancelToken& caller_gone;
  CallNote& note;
  std::string& service;
};

CloudApi::CloudApi(const Credentials& credentials, CloudFakes fakes, Runtime& runtime,
                   Journal& journal, Faults& faults)
    : credentials_(credentials),
      fakes_(fakes),
      runtime_(runtime),
      journal_(journal),
      gate_(faults, runtime) {}

Response CloudApi::Handle(Request& request, const Peer&, CancelToken& caller_gone) {
  if (TakeProbe(request, credentials_)) {
    CallNote unread;
    unread.probe = true;
    std::string service;
    Call call{request, caller_gone, unread, service};
    return Dispatch(call);
  }
  OpenCall open(journal_, runtime_, request, "api");
  Call call{request, caller_gone, open.note, open.service};
  Response response = gate_.Pass(open.note, caller_gone, [&] { return Dispatch(call); });
  response.headers.Set("cf-ray", RayId(++rays_));
  open.RecordAtEnd(response, caller_gone);
  return response;
}

Response CloudApi::Dispatch(Call& call) {
  const std::string_view path = call.request.Path();
  if (StartsWith(path, kV4Prefix)) return V4(call);
  if (StartsWith(path, kAiGatewayPrefix) && fakes_.ai_gateway != nullptr) {
    call.service = "ai";
    return fakes_.ai_gateway->Handle(call.request, call.note, call.caller_gone);
  }
  if (StartsWith(path, kAccessPrefix) && fakes_.access != nullptr) {
    call.service = "access";
    return fakes_.access->Handle(call.request, call.note, call.caller_gone);
  }
  return V4NoRoute(path);
}

Response CloudApi::V4(Call& call) {
  const std::string_view path = call.request.Path();
  const std::string_view route = path.substr(kV4Prefix.size());
  const Parts rest = Split(route, '/');
  const bool of_account = rest.size() >= 3 && rest[0] == "accounts";
  const bool of_ai = of_account && rest.size() >= 4 && rest[2] == "ai" &&
                     (rest[3] == "run" || (rest[3] == "v1" && rest.size() >= 5));
  if (of_ai && fakes_.ai_gateway != nullptr) {
    call.service = "ai";  // it checks its own credentials
    return fakes_.ai_gateway->Handle(call.request, call.note, call.caller_gone);
  }
  if (auto refusal = RefuseCredentials(call.request.headers, route)) return std::move(*refusal);
  return of_account ? Account(call, rest) : Identity(call, rest);
}

std::optional<Response> CloudApi::RefuseCredentials(const Headers& headers,
                                                    std::string_view route) const {
  const std::string_view header = headers.Get("authorization");
  if (!headers.Has("authorization")) {
    if (headers.Has("x-auth-key")) return V4Error(403, 10000, "Authentication error");
    return V4Error(400, 10001, "Unable to authenticate request");
  }
  constexpr std::string_view kScheme = "Bearer ";
  const std::string_view token = TrimSpace(header.substr(std::min(kScheme.size(), header.size())));
  if (!EqualsIgnoreCase(header.substr(0, kScheme.size()), kScheme) || token.empty()) {
    return MalformedHeaders();
  }
  if (ConstantTimeEqual(token, credentials_.api_token)) return std::nullopt;
  if (route == "user/tokens/verify") return V4Error(401, 1000, "Invalid API Token");
  return V4Error(403, 10000, "Authentication error");
}

Response CloudApi::Identity(Call& call, const Parts& rest) {
  const Request& request = call.request;
  const std::string_view path = request.Path();
  const Json account = {{"id", credentials_.account_id}, {"name", kAccountName}};
  const bool get = request.method == "GET";
  call.note.operation = "api.identity";
  if (get && rest == Parts{"user", "tokens", "verify"}) return TokenIsActive();
  if (get && rest == Parts{"user"}) {
    return V4Result(DumpJson(Json{{"id", kUserId}, {"email", kUserEmail}}));
  }
  if (get && rest == Parts{"accounts"}) return OnlyPage(request, account);
  if (get && rest == Parts{"memberships"}) {
    return OnlyPage(request, Json{{"id", "m1"},
                                  {"account", account},
                                  {"roles", Json::array({"Administrator"})},
                                  {"status", "accepted"}});
  }
  if (request.method == "POST" && rest == Parts{"graphql"}) return EmptyAnalytics();
  call.note.operation.clear();
  return V4NoRoute(path);
}

Response CloudApi::Account(Call& call, const Parts& rest) {
  const std::string_view path = call.request.Path();
  const bool ours = EqualsIgnoreCase(rest[1], credentials_.account_id);
  const bool of_kv =
      rest.size() >= 5 && rest[2] == "storage" && rest[3] == "kv" && rest[4] == "namespaces";
  const bool of_d1 = rest.size() >= 4 && rest[2] == "d1" && rest[3] == "database";
  if (of_d1 && fakes_.d1 != nullptr) {
    if (!ours) {
      return V4Error(403, 7403,
                     "The given account is not valid or is not authorized to access this service");
    }
    return fakes_.d1->Handle(call.request, call.note, call.caller_gone);
  }
  if (!ours) return V4NoRoute(path);
  if (of_kv && fakes_.kv != nullptr) {
    return fakes_.kv->Handle(call.request, call.note, call.caller_gone);
  }
  if (rest[2] == "ai-gateway" && rest.size() >= 4 && fakes_.ai_gateway != nullptr) {
    return fakes_.ai_gateway->Handle(call.request, call.note, call.caller_gone);
  }
  if (rest[2] == "access" && rest.size() >= 4 && fakes_.access != nullptr) {
    call.service = "access";
    const auto segments = PathSegments(path);
    if (!segments) return V4NoRoute(path);
    return fakes_.access->Manage(call.request, call.note,
                                 {segments->begin() + kAccountSegments + 1, segments->end()});
  }
  if (call.request.method == "GET" && rest.size() == 4 && rest[2] == "tokens" &&
      rest[3] == "verify") {
    call.note.operation = "api.identity";
    return TokenIsActive();
  }
  if (rest[2] == "r2" && rest.size() >= 4 && fakes_.r2 != nullptr) {
    call.note.operation = kR2RestCall;
    return fakes_.r2->Handle(call.request, call.note, call.caller_gone);
  }
  return V4NoRoute(path);
}

CloudS3::CloudS3(const Credentials& credentials, R2& r2, Runtime& runtime, Journal& journal,
                 Faults& faults)
    : credentials_(credentials),
      r2_(r2),
      runtime_(runtime),
      journal_(journal),
      gate_(faults, runtime) {}

Response CloudS3::Handle(Request& request, const Peer&, CancelToken& caller_gone) {
  if (TakeProbe(request, credentials_)) {
    CallNote unread;
    unread.probe = true;
    return r2_.Handle(request, unread, caller_gone);
  }
  OpenCall open(journal_, runtime_, request, "s3");
  Response response = gate_.Pass(open.note, caller_gone,
                                 [&] { return r2_.Handle(request, open.note, caller_gone); });
  response.headers.Set("cf-ray", RayId(++rays_));
  open.RecordAtEnd(response, caller_gone);
  return response;
}

}  // namespace mg::fake
