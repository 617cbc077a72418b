#include "emulator/control.h"

#include <algorithm>
#include <chrono>
#include <utility>
#include <vector>

#include "core/base/bytes.h"
#include "core/base/digest.h"
#include "core/base/json.h"
#include "core/http/host.h"
#include "emulator/control_access.h"
#include "emulator/control_state.h"
#include "fakes/ai/knobs_json.h"
#include "fakes/edge/settings_json.h"
#include "fakes/faults_json.h"

namespace mg {
namespace {

constexpr std::string_view kAccessPath = "/control/v1/access";
constexpr std::string_view kControlPrefix = "/control/v1/";
constexpr std::string_view kFaultsPath = "/control/v1/faults";
constexpr std::string_view kEdgePath = "/control/v1/edge";
constexpr std::size_t kControlBodyBytes = 64 * 1024;
constexpr std::int64_t kMaxAdvanceMs = 10LL * 365 * 24 * 3600 * 1000;

// A page whose own name was made to lead here (DNS rebinding) says that name as Host; another
// site's page is named by Origin or given away by Sec-Fetch-Site, whatever it asks for.
bool FromLoopbackName(const Request& request) {
  if (request.headers.Count("host") != 1) return false;
  const auto host = ParseHost(request.headers.Get("host"));
  if (!host || (host->name != "127.0.0.1" && host->name != "localhost" && host->name != "[::1]"))
    return false;
  for (const std::string_view site : request.headers.GetAll("sec-fetch-site"))
    if (site != "same-origin" && site != "none") return false;
  if (!request.headers.Has("origin")) return true;
  return request.headers.Count("origin") == 1 &&
         request.headers.Get("origin") == "http://" + std::string(request.headers.Get("host"));
}

}  // namespace

Response ControlError(int status, std::string_view code, std::string_view message) {
  return JsonResponse(status, DumpJson({{"error", message}, {"code", code}}));
}

Control::Control(std::string management_token, Controlled controlled, fake::Journal& journal,
                 fake::Faults& faults, ThreadRuntime& runtime)
    : management_token_(std::move(management_token)),
      controlled_(std::move(controlled)),
      journal_(journal),
      faults_(faults),
      runtime_(runtime) {}

bool Control::Authorised(const Request& request) const {
  return request.headers.Count("authorization") == 1 &&
         ConstantTimeEqual(request.headers.Get("authorization"), "Bearer " + management_token_);
}

Response Control::Handle(Request& request, const Peer&, CancelToken&) {
  Response response = Answer(request);
  response.headers.Set("cache-control", "no-store");
  response.headers.Set("x-content-type-options", "nosniff");
  return response;
}

Response Control::Answer(Request& request) {
  if (!FromLoopbackName(request))
    return ControlError(403, "wrong_origin", "Use the loopback address of this listener.");
  const std::string_view path = request.Path();
  if (path == "/metrics" && request.method == "GET" && controlled_.metrics != nullptr) {
    return TextResponse(200, controlled_.metrics->PrometheusText(),
                        "text/plain; version=0.0.4; charset=utf-8");
  }
  if (path.substr(0, kControlPrefix.size()) != kControlPrefix)
    return ControlError(404, "not_found", "Not found.");
  if (!Authorised(request)) {
    return ControlError(401, "unauthenticated",
                        "Send Authorization: Bearer <management_token of the ready file>.");
  }
  if (path == "/control/v1/clock") return Clock(request);
  if (path == "/control/v1/journal" && request.method == "GET") return ReadJournal(request);
  if (path == "/control/v1/reset") return Reset(request);
  if (path == "/control/v1/state")
    return ControlState(controlled_.state_folder, request.method, runtime_);
  if (path == kFaultsPath) return Faults(request, "");
  if (path.substr(0, kFaultsPath.size() + 1) == std::string(kFaultsPath) + "/") {
    return Faults(request, path.substr(kFaultsPath.size() + 1));
  }
  if (path == "/control/v1/ai" && controlled_.ai_gateway != nullptr) return AiKnobs(request);
  if (path.substr(0, kEdgePath.size()) == kEdgePath && controlled_.zone != nullptr)
    return Edge(request, path.substr(kEdgePath.size()));
  if (path.substr(0, kAccessPath.size()) == kAccessPath && controlled_.access != nullptr) {
    if (auto answer =
            ControlAccess(*controlled_.access, request, path.substr(kAccessPath.size()), runtime_))
      return std::move(*answer);
  }
  for (const std::string_view part : fake::kCloudParts) {
    if (controlled_.cloud != nullptr && path.substr(kControlPrefix.size()) == part)
      return CloudKnobs(part, request);
  }
  return ControlError(
      404, "not_found",
      "Known: access, ai, api, clock, d1, edge, faults, journal, kv, reset, state.");
}

// GET says what time it is; POST {"advance_ms": n} moves wall time: TTLs, tokens, windows.
Response Control::Clock(Request& request) {
  if (request.method == "POST") {
    if (!request.body.Buffer(kControlBodyBytes, runtime_.Now() + std::chrono::seconds(10))) {
      return ControlError(413, "body_too_large", "The body is too large or incomplete.");
    }
    auto json = ParseJson(request.body.bytes());
    const std::int64_t advance_ms = json ? IntAt(*json, "advance_ms", -1) : -1;
    if (advance_ms < 0 || advance_ms > kMaxAdvanceMs) {
      return ControlError(400, "invalid_input",
                          "Send {\"advance_ms\": n} with n from 0 to ten years.");
    }
    runtime_.Advance(advance_ms);
  } else if (request.method != "GET") {
    return ControlError(405, "method_not_allowed", "GET or POST.");
  }
  return JsonResponse(200, DumpJson({{"now_ms", runtime_.Wall().ms}}));
}

// GET counts them; POST adds one rule or an array of them, all or none; DELETE ends one, or forgets
// all with their counts.
Response Control::Faults(Request& request, std::string_view encoded_id) {
  const bool all = encoded_id.empty();
  if (request.method == "GET" && all) return CountFaults();
  if (request.method == "POST" && all) return AddFaults(request);
  if (request.method != "DELETE") {
    return ControlError(405, "method_not_allowed", all ? "GET, POST or DELETE." : "DELETE.");
  }
  if (all) {
    faults_.Clear();
    return CountFaults();
  }
  const auto id = PercentDecode(encoded_id);
  if (!id || !faults_.Has(*id)) return ControlError(404, "not_found", "No fault has this id.");
  faults_.Remove(*id);
  return CountFaults();
}

Response Control::AddFaults(Request& request) {
  if (!request.body.Buffer(kControlBodyBytes, runtime_.Now() + std::chrono::seconds(10))) {
    return ControlError(413, "body_too_large", "The body is too large or incomplete.");
  }
  auto json = ParseJson(request.body.bytes(), {.refuse_duplicate_keys = true});
  if (!json) return ControlError(400, "invalid_input", json.error().message);
  const Json rules = json->is_array() ? std::move(*json) : Json::array({std::move(*json)});
  std::vector<fake::FaultRule> read;
  for (std::size_t i = 0; i < rules.size(); ++i) {
    auto rule = fake::FaultRuleFromJson(rules[i]);
    if (!rule) {
      return ControlError(400, "invalid_input",
                          "Fault " + std::to_string(i) + ": " + rule.error().message + ".");
    }
    const bool twice = std::any_of(read.begin(), read.end(), [&](const fake::FaultRule& other) {
      return !rule->id.empty() && other.id == rule->id;
    });
    if (twice || faults_.Has(rule->id)) {
      return ControlError(409, "conflict", "There is a fault \"" + rule->id + "\" already.");
    }
    read.push_back(std::move(rule).value());
  }
  Json ids = Json::array();
  for (fake::FaultRule& rule : read) ids.push_back(faults_.Add(std::move(rule)));
  return JsonResponse(201, DumpJson({{"ids", std::move(ids)}}));
}

Response Control::CountFaults() const {
  Json counts = Json::array();
  for (const fake::FaultCount& count : faults_.Counts()) {
    counts.push_back(fake::FaultCountToJson(count));
  }
  return JsonResponse(200, DumpJson({{"faults", std::move(counts)}}));
}

// GET says all of them; PATCH changes those that it names.
Response Control::AiKnobs(Request& request) {
  fake::AiKnobs knobs = controlled_.ai_gateway->knobs();
  if (request.method == "PATCH") {
    if (!request.body.Buffer(kControlBodyBytes, runtime_.Now() + std::chrono::seconds(10))) {
      return ControlError(413, "body_too_large", "The body is too large or incomplete.");
    }
    const auto json = ParseJson(request.body.bytes(), {.refuse_duplicate_keys = true});
    const Status set = json ? fake::SetAiKnobs(*json, knobs) : Status(json.error());
    if (!set) return ControlError(400, "invalid_input", set.error().message);
    controlled_.ai_gateway->SetKnobs(knobs);
  } else if (request.method != "GET") {
    return ControlError(405, "method_not_allowed", "GET or PATCH.");
  }
  return JsonResponse(200, DumpJson(fake::AiKnobsToJson(knobs)));
}

// GET says all settings; PATCH changes those that it names, and every counter begins anew. POST
// .../limit {"binding": name, "key": text} is env.X.limit({key}).
Response Control::Edge(Request& request, std::string_view rest) {
  if (rest == "/limit" && request.method == "POST") return LimitAtEdge(request);
  if (!rest.empty()) return ControlError(404, "not_found", "Known: edge, edge/limit.");
  if (request.method == "PATCH") {
    if (!request.body.Buffer(kControlBodyBytes, runtime_.Now() + std::chrono::seconds(10))) {
      return ControlError(413, "body_too_large", "The body is too large or incomplete.");
    }
    fake::EdgeSettings settings = controlled_.zone->settings();
    const auto json = ParseJson(request.body.bytes(), {.refuse_duplicate_keys = true});
    const Status set = json ? fake::SetEdgeSettings(*json, settings) : Status(json.error());
    if (!set) return ControlError(400, "invalid_input", set.error().message);
    controlled_.zone->Set(std::move(settings));
  } else if (request.method != "GET") {
    return ControlError(405, "method_not_allowed", "GET or PATCH.");
  }
  return JsonResponse(200, DumpJson(fake::EdgeSettingsToJson(controlled_.zone->settings())));
}

Response Control::LimitAtEdge(Request& request) {
  if (!request.body.Buffer(kControlBodyBytes, runtime_.Now() + std::chrono::seconds(10))) {
    return ControlError(413, "body_too_large", "The body is too large or incomplete.");
  }
  const auto json = ParseJson(request.body.bytes());
  if (!json) return ControlError(400, "invalid_input", json.error().message);
  const auto success =
      controlled_.zone->rules()->limits.Limit(StringAt(*json, "binding"), StringAt(*json, "key"));
  if (!success) return ControlError(404, "not_found", success.error().message);
  return JsonResponse(200, DumpJson({{"success", *success}}));
}

// As of AI Gateway, for the v4 API, KV or D1.
Response Control::CloudKnobs(std::string_view part, Request& request) {
  fake::CloudKnobs knobs = controlled_.cloud->knobs();
  if (request.method == "PATCH") {
    if (!request.body.Buffer(kControlBodyBytes, runtime_.Now() + std::chrono::seconds(10))) {
      return ControlError(413, "body_too_large", "The body is too large or incomplete.");
    }
    const auto json = ParseJson(request.body.bytes(), {.refuse_duplicate_keys = true});
    const Status set = json ? fake::SetCloudKnobs(part, *json, knobs) : Status(json.error());
    if (!set) return ControlError(400, "invalid_input", set.error().message);
    controlled_.cloud->SetKnobs(knobs);
  } else if (request.method != "GET") {
    return ControlError(405, "method_not_allowed", "GET or PATCH.");
  }
  return JsonResponse(200, DumpJson(fake::CloudKnobsToJson(part, knobs)));
}

// POST: every store is empty, no fault is set, nothing is in the journal. Knobs and the clock stay.
Response Control::Reset(const Request& request) {
  if (request.method != "POST") return ControlError(405, "method_not_allowed", "POST.");
  const Status done = controlled_.reset();
  if (!done) return ControlError(500, "reset_failed", done.error().message);
  return JsonResponse(200, DumpJson(Json::object()));
}

Response Control::ReadJournal(const Request& request) {
  const auto text = QueryValue(request.Query(), "since").value_or("0");
  const auto since = ParseUint(text);
  if (!since) return ControlError(400, "invalid_input", "\"since\" must be a sequence number.");
  std::string lines;
  for (const fake::JournalEntry& entry : journal_.Since(*since))
    lines += fake::JournalEntryJson(entry) + "\n";
  return TextResponse(200, std::move(lines), "application/x-ndjson");
}

}  // namespace mg
