#include "fakes/cloud.h"

#include <array>
#include <cstdio>
#include <utility>

#include "core/base/bytes.h"
#include "core/base/digest.h"
#include "fakes/api_auth.h"
#include "fakes/identity.h"
#include "fakes/v4.h"

namespace mg::fake {
namespace {

using Parts = std::vector<std::string_view>;

constexpr std::string_view kV4Prefix = "/client/v4/";
constexpr std::string_view kAiGatewayPrefix = "/v1/";
constexpr std::string_view kAccessPrefix = "/cdn-cgi/access/";

constexpr std::ptrdiff_t kAccountSegments = 4;  // client v4 accounts {account}

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
      gate_(faults, runtime),
      limit_(runtime) {}

void CloudApi::SetKnobs(const CloudKnobs& knobs) {
  {
    Lock lock(mutex_);
    knobs_ = knobs;
  }
  limit_.Set(knobs.account_calls);
  if (fakes_.kv != nullptr) fakes_.kv->SetKnobs(knobs.kv);
  if (fakes_.d1 != nullptr) fakes_.d1->SetKnobs(knobs.d1);
}

CloudKnobs CloudApi::knobs() const {
  Lock lock(mutex_);
  return knobs_;
}

void CloudApi::Reset() {
  const std::array<Service*, 5> services{fakes_.kv, fakes_.d1, fakes_.r2, fakes_.access,
                                         fakes_.ai_gateway};
  for (Service* service : services)
    if (service != nullptr) service->Reset();
  limit_.Set(0);  // a new window, whatever was counted
  limit_.Set(knobs().account_calls);
}

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
  if (StartsWith(path, D1FilesPrefix()) && fakes_.d1 != nullptr) {
    return fakes_.d1->HandleFile(call.request, call.note);
  }
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
  if (auto refusal = RefuseApiCredentials(credentials_, call.request.headers, route)) {
    return std::move(*refusal);
  }
  if (!call.note.probe) {
    if (auto refusal = limit_.Refuse()) return std::move(*refusal);
  }
  if (auto answer = AnswerIdentity(credentials_, call.request, call.note)) {
    return std::move(*answer);
  }
  return of_account ? Account(call, rest) : V4NoRoute(path);
}

Response CloudApi::Account(Call& call, const Parts& rest) {
  const std::string_view path = call.request.Path();
  const bool ours = EqualsIgnoreCase(rest[1], credentials_.account_id);
  const bool of_kv =
      (rest.size() >= 5 && rest[2] == "storage" && rest[3] == "kv" && rest[4] == "namespaces") ||
      (rest.size() >= 4 && rest[2] == "workers" && rest[3] == "namespaces");
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
  if (rest[2] == "r2" && rest.size() >= 4 && fakes_.r2 != nullptr) {
    return fakes_.r2->Manage(call.request, call.note);
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
