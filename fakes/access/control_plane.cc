#include "fakes/access/control_plane.h"

#include <algorithm>
#include <chrono>
#include <iterator>
#include <limits>
#include <optional>
#include <utility>

#include "core/base/bytes.h"
#include "core/base/ids.h"
#include "core/base/json.h"
#include "core/base/time_text.h"
#include "fakes/access/application_json.h"
#include "fakes/gap_routes.h"
#include "fakes/v4.h"

namespace mg::fake {
namespace {

// UNCONFIRMED: the service's own codes and words for these.
constexpr std::int64_t kInvalidCode = 12130;
constexpr std::int64_t kNotFoundCode = 12132;
constexpr std::int64_t kTooManyCode = 12134;

constexpr std::size_t kMaxBodyBytes = 256 * 1024;
constexpr std::chrono::seconds kBodyDeadline{10};
constexpr std::size_t kIdBytes = 16;
constexpr std::size_t kAudienceBytes = 32;
constexpr std::size_t kMostPolicies = 100;
constexpr std::int64_t kDaySeconds = 24 * 3600;
constexpr std::int64_t kLeastRotationDays = 21;  // UNCONFIRMED range
constexpr std::int64_t kMostRotationDays = 365;
constexpr std::uint64_t kDefaultPerPage = 100;
constexpr std::uint64_t kMostPerPage = 1000;
constexpr const char* kTokenDuration = "8760h";

Response Invalid(std::string_view why) {
  return V4Error(400, kInvalidCode, "access.api.error.invalid_request: " + std::string(why));
}

Response NotFound(std::string_view what) {
  return V4Error(404, kNotFoundCode, "access.api.error.not_found: " + std::string(what));
}

Response TooMany(std::string_view what) {
  return V4Error(400, kTooManyCode, "access.api.error.quota_reached: " + std::string(what));
}

Response Enveloped(int status, const Json& result) {
  Response response = V4Result(DumpJson(result));
  response.status = status;
  return response;
}

Response Page(const Request& request, const std::vector<Json>& items) {
  const auto number = [&request](const char* name, std::uint64_t fallback) {
    return ParseUint(QueryValue(request.Query(), name).value_or("")).value_or(fallback);
  };
  const std::uint64_t page = std::max<std::uint64_t>(1, number("page", 1));
  const std::uint64_t per_page =
      std::clamp<std::uint64_t>(number("per_page", kDefaultPerPage), 1, kMostPerPage);
  constexpr std::uint64_t kLastPage = std::numeric_limits<std::int64_t>::max();
  return V4Paged(
      {static_cast<std::int64_t>(std::min(page, kLastPage)), static_cast<std::int64_t>(per_page)},
      Json(items), /*with_total_pages=*/false);
}

Json TokenToJson(const ServiceToken& token) {
  Json json = {{"id", token.id},
               {"name", token.name},
               {"client_id", token.client_id},
               {"duration", GoDuration(token.duration_seconds)},
               {"expires_at", IsoSeconds(token.expires_ms / 1000)},
               {"created_at", IsoSeconds(token.created_ms / 1000)},
               {"updated_at", IsoSeconds(token.updated_ms / 1000)}};
  if (token.last_seen_ms > 0) json["last_seen_at"] = IsoSeconds(token.last_seen_ms / 1000);
  return json;
}

constexpr Operation kGaps[] = {
    {"*", "groups", "access.groups", "groups of rules"},
    {"*", "policies", "access.policies", "policies that several applications share"},
    {"*", "certificates", "access.certificates", "client certificates"},
    {"*", "tags", "access.tags", "tags of applications"},
    {"*", "users", "access.users", "users and their sessions"},
    {"POST", "identity_providers", "access.identity_providers", "providers but the local picker"},
};
constexpr Operation kPartly[] = {
    {"POST", "apps", "access.apps",
     "applications of other types than self_hosted; rules of groups, "
     "providers, certificates and devices"},
};

class ControlPlane {
 public:
  ControlPlane(AccessCore& core, Request& request, CallNote& note,
               const std::vector<std::string>& path)
      : core_(core), request_(request), note_(note), path_(path) {}

  Response Answer();

 private:
  bool Is(std::string_view method, std::size_t segments) const {
    return request_.method == method && path_.size() == segments;
  }
  std::int64_t NowMs() const { return core_.runtime.Wall().ms; }
  std::optional<Response> ReadBody(Json& body);
  std::optional<Response> Refused(const Status& read) const;

  Response Applications();
  Response CreateApplication();
  Response OfApplication(const AccessApplication& application);
  Response Policies(AccessApplication application);
  Response OfPolicy(AccessApplication application, std::size_t index);
  Result<std::vector<AccessPolicy>> PoliciesIn(const Json& body) const;
  Response Tokens();
  Response OfToken();
  Response RotateToken();
  Response Keys();
  Response Organization();
  Response Log() const;

  AccessCore& core_;
  Request& request_;
  CallNote& note_;
  const std::vector<std::string>& path_;
};

std::optional<Response> ControlPlane::ReadBody(Json& body) {
  const Status read = request_.body.Buffer(kMaxBodyBytes, core_.runtime.Now() + kBodyDeadline);
  if (!read) return Invalid("the body is too large or incomplete");
  const std::string& text = request_.body.bytes();
  auto json = ParseJson(text.empty() ? "{}" : text);
  if (!json || !json->is_object()) return Invalid("the body must be a JSON object");
  body = std::move(json).value();
  return std::nullopt;
}

std::optional<Response> ControlPlane::Refused(const Status& read) const {
  if (read) return std::nullopt;
  const std::string& why = read.error().message;
  if (why.substr(0, kNotDone.size()) == kNotDone) return V4Gap(note_.operation, why);
  return Invalid(why);
}

Result<std::vector<AccessPolicy>> ControlPlane::PoliciesIn(const Json& body) const {
  std::vector<AccessPolicy> policies;
  const Json* list = Find(body, "policies");
  if (list == nullptr) return policies;
  if (!list->is_array() || list->size() > kMostPolicies)
    return Error{Code::kInvalid, "policies must be a list", false};
  for (const Json& item : *list) {
    AccessPolicy policy;
    policy.precedence = static_cast<std::int64_t>(policies.size()) + 1;
    MG_RETURN_IF_ERROR(ReadPolicy(item, policy));
    policy.id = UuidFromBytes(core_.random.Bytes(kIdBytes));
    policy.created_ms = policy.updated_ms = NowMs();
    policies.push_back(std::move(policy));
  }
  return policies;
}

Response ControlPlane::CreateApplication() {
  Json body;
  if (auto refused = ReadBody(body)) return std::move(*refused);
  AccessApplication application;
  if (auto refused = Refused(ReadApplication(body, application))) return std::move(*refused);
  auto policies = PoliciesIn(body);
  if (!policies) return std::move(*Refused(policies.error()));
  application.policies = std::move(policies).value();
  application.id = UuidFromBytes(core_.random.Bytes(kIdBytes));
  application.audience = HexEncode(core_.random.Bytes(kAudienceBytes));
  application.created_ms = application.updated_ms = NowMs();
  const Json answer = ApplicationToJson(application);
  if (!core_.applications.Put(std::move(application))) return TooMany("applications");
  return Enveloped(201, answer);
}

Response ControlPlane::Applications() {
  if (Is("GET", 1)) {
    std::vector<Json> list;
    for (const auto& application : core_.applications.List())
      list.push_back(ApplicationToJson(*application));
    return Page(request_, list);
  }
  if (Is("POST", 1)) return CreateApplication();
  if (path_.size() == 1) return V4NoRoute(request_.Path());
  const auto application = core_.applications.Get(path_[1]);
  if (!application) return NotFound("application");
  return OfApplication(*application);
}

Response ControlPlane::OfApplication(const AccessApplication& application) {
  if (path_.size() >= 3 && path_[2] == "policies") return Policies(application);
  if (Is("GET", 2)) return Enveloped(200, ApplicationToJson(application));
  if (Is("DELETE", 2)) {
    core_.applications.Remove(application.id);
    return Enveloped(202, {{"id", application.id}});
  }
  AccessApplication changed = application;
  if (Is("POST", 3) && path_[2] == "revoke_tokens") {
    changed.revoked_before_s = core_.tokens.NowSeconds();
    core_.applications.Put(std::move(changed));
    return Enveloped(202, Json::object());
  }
  if (!Is("PUT", 2)) return V4NoRoute(request_.Path());
  Json body;
  if (auto refused = ReadBody(body)) return std::move(*refused);
  if (auto refused = Refused(ReadApplication(body, changed))) return std::move(*refused);
  if (Find(body, "policies") != nullptr) {
    auto policies = PoliciesIn(body);
    if (!policies) return std::move(*Refused(policies.error()));
    changed.policies = std::move(policies).value();
  }
  changed.updated_ms = NowMs();
  const Json answer = ApplicationToJson(changed);
  core_.applications.Put(std::move(changed));
  return Enveloped(200, answer);
}

Response ControlPlane::Policies(AccessApplication application) {
  auto& policies = application.policies;
  if (Is("GET", 3)) {
    std::vector<Json> list;
    for (const AccessPolicy& policy : policies) list.push_back(PolicyToJson(policy));
    return Page(request_, list);
  }
  if (Is("POST", 3)) {
    Json body;
    if (auto refused = ReadBody(body)) return std::move(*refused);
    if (policies.size() >= kMostPolicies) return TooMany("policies");
    AccessPolicy policy;
    policy.precedence = static_cast<std::int64_t>(policies.size()) + 1;
    if (auto refused = Refused(ReadPolicy(body, policy))) return std::move(*refused);
    policy.id = UuidFromBytes(core_.random.Bytes(kIdBytes));
    policy.created_ms = policy.updated_ms = NowMs();
    const Json answer = PolicyToJson(policy);
    policies.push_back(std::move(policy));
    core_.applications.Put(std::move(application));
    return Enveloped(201, answer);
  }
  for (std::size_t i = 0; path_.size() == 4 && i < policies.size(); ++i)
    if (policies[i].id == path_[3]) return OfPolicy(std::move(application), i);
  return path_.size() == 4 ? NotFound("policy") : V4NoRoute(request_.Path());
}

Response ControlPlane::OfPolicy(AccessApplication application, std::size_t index) {
  AccessPolicy& policy = application.policies[index];
  if (request_.method == "GET") return Enveloped(200, PolicyToJson(policy));
  if (request_.method == "DELETE") {
    const std::string id = policy.id;
    application.policies.erase(application.policies.begin() + static_cast<std::ptrdiff_t>(index));
    core_.applications.Put(std::move(application));
    return Enveloped(202, {{"id", id}});
  }
  if (request_.method != "PUT") return V4NoRoute(request_.Path());
  Json body;
  if (auto refused = ReadBody(body)) return std::move(*refused);
  if (auto refused = Refused(ReadPolicy(body, policy))) return std::move(*refused);
  policy.updated_ms = NowMs();
  const Json answer = PolicyToJson(policy);
  core_.applications.Put(std::move(application));
  return Enveloped(200, answer);
}

Response ControlPlane::Tokens() {
  if (Is("GET", 1)) {
    std::vector<Json> list;
    for (const ServiceToken& token : core_.services.List()) list.push_back(TokenToJson(token));
    return Page(request_, list);
  }
  if (path_.size() > 1) return OfToken();
  if (!Is("POST", 1)) return V4NoRoute(request_.Path());
  Json body;
  if (auto refused = ReadBody(body)) return std::move(*refused);
  const std::string name = StringAt(body, "name");
  const auto seconds = ReadGoSeconds(StringAt(body, "duration", kTokenDuration));
  if (name.empty()) return Invalid("name is missing");
  if (!seconds || *seconds < 1) return Invalid("duration must be like \"8760h\"");
  const auto made = core_.services.Create(name, *seconds, NowMs());
  if (!made) return TooMany("service tokens");
  Json json = TokenToJson(made->token);
  json["client_secret"] = made->secret;
  return Enveloped(201, json);
}

Response ControlPlane::RotateToken() {
  Json body;
  if (auto refused = ReadBody(body)) return std::move(*refused);
  std::int64_t until_ms = NowMs();
  if (const std::string text = StringAt(body, "previous_client_secret_expires_at"); !text.empty()) {
    const auto until = ReadIsoTime(text);
    if (!until) return Invalid(until.error().message);
    until_ms = *until;
  }
  const auto made = core_.services.Rotate(path_[1], until_ms, NowMs());
  if (!made) return NotFound("service token");
  Json json = TokenToJson(made->token);
  json["client_secret"] = made->secret;
  return Enveloped(200, json);
}

Response ControlPlane::OfToken() {
  if (Is("POST", 3) && path_[2] == "rotate") return RotateToken();
  if (Is("POST", 3) && path_[2] == "refresh") {
    const auto token = core_.services.Refresh(path_[1], NowMs());
    return token ? Enveloped(200, TokenToJson(*token)) : NotFound("service token");
  }
  const auto token = core_.services.Get(path_[1]);
  if (!token) return NotFound("service token");
  if (Is("GET", 2)) return Enveloped(200, TokenToJson(*token));
  if (Is("DELETE", 2)) {
    core_.services.Remove(token->id);
    return Enveloped(200, TokenToJson(*token));
  }
  if (!Is("PUT", 2)) return V4NoRoute(request_.Path());
  Json body;
  if (auto refused = ReadBody(body)) return std::move(*refused);
  std::int64_t seconds = 0;
  if (const std::string duration = StringAt(body, "duration"); !duration.empty()) {
    const auto read = ReadGoSeconds(duration);
    if (!read || *read < 1) return Invalid("duration must be like \"8760h\"");
    seconds = *read;
  }
  const auto changed = core_.services.Rename(token->id, StringAt(body, "name"), seconds, NowMs());
  return changed ? Enveloped(200, TokenToJson(*changed)) : NotFound("service token");
}

Response ControlPlane::Keys() {
  if (Is("POST", 2) && path_[1] == "rotate") {
    core_.tokens.Rotate();
  } else if (Is("PUT", 1)) {
    Json body;
    if (auto refused = ReadBody(body)) return std::move(*refused);
    const std::int64_t days = IntAt(body, "key_rotation_interval_days", 0);
    if (days < kLeastRotationDays || days > kMostRotationDays)
      return Invalid("key_rotation_interval_days must be 21 to 365");
    AccessKnobs knobs = core_.tokens.knobs();
    knobs.rotation_interval = std::chrono::hours(days * 24);
    core_.tokens.SetKnobs(knobs);
  } else if (!Is("GET", 1)) {
    return V4NoRoute(request_.Path());
  }
  const std::int64_t rotated_s = core_.tokens.keys().rotated_ms / 1000;
  const std::int64_t interval_s =
      std::chrono::duration_cast<std::chrono::seconds>(core_.tokens.knobs().rotation_interval)
          .count();
  const std::int64_t left_s = rotated_s + interval_s - NowMs() / 1000;
  return Enveloped(200, {{"key_rotation_interval_days", interval_s / kDaySeconds},
                         {"days_until_next_rotation", (left_s + kDaySeconds - 1) / kDaySeconds},
                         {"last_key_rotation_at", IsoSeconds(rotated_s)}});
}

Response ControlPlane::Organization() {
  AccessKnobs knobs = core_.tokens.knobs();
  if (Is("POST", 2) && path_[1] == "revoke_user") {
    Json body;
    if (auto refused = ReadBody(body)) return std::move(*refused);
    const std::string email = AsciiLower(StringAt(body, "email"));
    if (email.empty()) return Invalid("email is missing");
    core_.revocations.Person(email, core_.tokens.NowMs());
    return Enveloped(200, true);
  }
  if (Is("PUT", 1)) {
    Json body;
    if (auto refused = ReadBody(body)) return std::move(*refused);
    if (const std::string text = StringAt(body, "session_duration"); !text.empty()) {
      const auto seconds = ReadGoSeconds(text);
      if (!seconds) return Invalid(seconds.error().message);
      knobs.session_duration = std::chrono::seconds(*seconds);
      core_.tokens.SetKnobs(knobs);
    }
  } else if (!Is("GET", 1)) {
    return V4NoRoute(request_.Path());
  }
  const std::string& url = core_.site.team_url;
  const std::size_t scheme = url.find("://");
  const std::int64_t session_s =
      std::chrono::duration_cast<std::chrono::seconds>(knobs.session_duration).count();
  return Enveloped(200,
                   {{"name", "Local"},
                    {"auth_domain", scheme == std::string::npos ? url : url.substr(scheme + 3)},
                    {"session_duration", GoDuration(session_s)},
                    {"strict_service_token_auth", knobs.strict_service_tokens},
                    {"is_ui_read_only", false},
                    {"auto_redirect_to_identity", false}});
}

// As the service logs: the newest first, no entry for a bypass.
Response ControlPlane::Log() const {
  std::vector<Json> list;
  const auto verdicts = core_.verdicts.Since(0);
  for (auto verdict = verdicts.rbegin(); verdict != verdicts.rend(); ++verdict) {
    if (verdict->verdict == "bypass") continue;
    list.push_back({{"action", "login"},
                    {"allowed", verdict->verdict == "allow"},
                    {"app_domain", NameOfAuthority(verdict->host)},
                    {"app_uid", verdict->audience},
                    {"connection", "onetimepin"},
                    {"created_at", IsoSeconds(verdict->at_ms / 1000)},
                    {"ip_address", verdict->address},
                    {"ray_id", ""},
                    {"user_email", verdict->principal}});
  }
  return Page(request_, list);
}

Response ControlPlane::Answer() {
  struct Kind {
    const char* segment;
    const char* operation;
    Response (*answer)(ControlPlane& plane);
  };
  static constexpr Kind kKinds[] = {
      {"apps", "access.apps", [](ControlPlane& p) { return p.Applications(); }},
      {"service_tokens", "access.service_tokens", [](ControlPlane& p) { return p.Tokens(); }},
      {"keys", "access.keys", [](ControlPlane& p) { return p.Keys(); }},
      {"organizations", "access.organizations", [](ControlPlane& p) { return p.Organization(); }},
  };
  for (const Kind& kind : kKinds) {
    if (path_.empty() || path_[0] != kind.segment) continue;
    note_.operation = kind.operation;
    if (path_.size() > 1) note_.subject = path_[1].substr(0, 64);
    if (auto faulted = note_.Begin()) return std::move(*faulted);
    return kind.answer(*this);
  }
  if (Is("GET", 2) && path_[0] == "logs" && path_[1] == "access_requests") {
    note_.operation = "access.logs";
    if (auto faulted = note_.Begin()) return std::move(*faulted);
    return Log();
  }
  if (Is("GET", 1) && path_[0] == "identity_providers") {
    note_.operation = "access.identity_providers";
    return Page(request_, {Json{{"id", std::string(36, '0')},
                                {"name", "Local picker"},
                                {"type", "onetimepin"},
                                {"config", Json::object()}}});
  }
  const Operation* gap = FindGap(kGaps, path_);
  if (gap == nullptr) return V4NoRoute(request_.Path());
  note_.operation = gap->name;
  return V4Gap(gap->name, std::string("This emulator does not do ") + gap->gap);
}

}  // namespace

FakeOperations AccessGaps() {
  FakeOperations of = RefusedOf("Access", "/client/v4/accounts/{}/access", kGaps);
  of.operations.insert(of.operations.end(), std::begin(kPartly), std::end(kPartly));
  return of;
}

Response ManageAccess(AccessCore& core, Request& request, CallNote& note,
                      const std::vector<std::string>& path) {
  return ControlPlane(core, request, note, path).Answer();
}

}  // namespace mg::fake
