#include "emulator/control.h"

#include <chrono>

#include "core/base/bytes.h"
#include "core/base/digest.h"
#include "core/base/json.h"
#include "core/http/host.h"

namespace mg {
namespace {

constexpr std::size_t kControlBodyBytes = 64 * 1024;
constexpr std::int64_t kMaxAdvanceMs = 10LL * 365 * 24 * 3600 * 1000;

Response ControlError(int status, std::string_view code, std::string_view message) {
  return JsonResponse(status, DumpJson({{"error", message}, {"code", code}}));
}

bool FromLoopbackName(const Request& request) {
  const auto host = ParseHost(request.headers.Get("host"));
  if (!host || (host->name != "127.0.0.1" && host->name != "localhost" && host->name != "[::1]"))
    return false;
  if (!request.headers.Has("origin")) return true;
  return request.headers.Get("origin") == "http://" + std::string(request.headers.Get("host"));
}

}  // namespace

Control::Control(std::string management_token, const Metrics* metrics, fake::Journal& journal,
                 ThreadRuntime& runtime)
    : management_token_(std::move(management_token)),
      metrics_(metrics),
      journal_(journal),
      runtime_(runtime) {}

bool Control::Authorised(const Request& request) const {
  return ConstantTimeEqual(request.headers.Get("authorization"), "Bearer " + management_token_);
}

Response Control::Handle(Request& request, const Peer&, CancelToken&) {
  if (!FromLoopbackName(request))
    return ControlError(403, "wrong_origin", "Use the loopback address of this listener.");
  const std::string_view path = request.Path();
  if (path == "/metrics" && request.method == "GET" && metrics_ != nullptr) {
    return TextResponse(200, metrics_->PrometheusText(),
                        "text/plain; version=0.0.4; charset=utf-8");
  }
  if (path.substr(0, 12) != "/control/v1/") return ControlError(404, "not_found", "Not found.");
  if (!Authorised(request)) {
    return ControlError(401, "unauthenticated",
                        "Send Authorization: Bearer <management_token of the ready file>.");
  }
  if (path == "/control/v1/clock") return Clock(request);
  if (path == "/control/v1/journal" && request.method == "GET") return ReadJournal(request);
  return ControlError(404, "not_found", "Known: clock, journal.");
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
    runtime_.ShiftWall(advance_ms);
  } else if (request.method != "GET") {
    return ControlError(405, "method_not_allowed", "GET or POST.");
  }
  return JsonResponse(200, DumpJson({{"now_ms", runtime_.Wall().ms}}));
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
