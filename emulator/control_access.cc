#include "emulator/control_access.h"

#include <chrono>

#include "core/base/bytes.h"
#include "core/base/json.h"

namespace mg {
namespace {

constexpr std::size_t kBodyBytes = 64 * 1024;
constexpr std::chrono::seconds kBodyTime{10};

Response WrongMethod(const char* allowed) {
  return ControlError(405, "method_not_allowed", allowed);
}

Result<Json> ReadBody(Request& request, Runtime& runtime) {
  MG_RETURN_IF_ERROR(request.body.Buffer(kBodyBytes, runtime.Now() + kBodyTime));
  return ParseJson(request.body.bytes(), {.refuse_duplicate_keys = true});
}

// GET says all of them; PATCH changes those that it names.
Response Knobs(fake::Access& access, Request& request, Runtime& runtime) {
  fake::AccessKnobs knobs = access.knobs();
  if (request.method == "PATCH") {
    const auto json = ReadBody(request, runtime);
    const Status set = json ? fake::SetAccessKnobs(*json, knobs) : Status(json.error());
    if (!set) return ControlError(400, "invalid_input", set.error().message);
    access.SetKnobs(knobs);
  } else if (request.method != "GET") {
    return WrongMethod("GET or PATCH.");
  }
  return JsonResponse(200, DumpJson(fake::AccessKnobsToJson(knobs)));
}

Response Verdicts(const fake::Access& access, const Request& request) {
  if (request.method != "GET") return WrongMethod("GET.");
  const auto since = ParseUint(QueryValue(request.Query(), "since").value_or("0"));
  if (!since) return ControlError(400, "invalid_input", "\"since\" must be a sequence number.");
  Json list = Json::array();
  for (const fake::AccessVerdict& verdict : access.Verdicts(*since))
    list.push_back(fake::AccessVerdictToJson(verdict));
  return JsonResponse(200, DumpJson({{"verdicts", std::move(list)}}));
}

Response Mint(fake::Access& access, Request& request, Runtime& runtime) {
  if (request.method != "POST") return WrongMethod("POST.");
  const auto json = ReadBody(request, runtime);
  const auto mint = json ? fake::MintFromJson(*json) : Result<fake::Mint>(json.error());
  if (!mint) return ControlError(400, "invalid_input", mint.error().message);
  return JsonResponse(200, DumpJson({{"token", access.MintToken(*mint)}}));
}

}  // namespace

std::optional<Response> ControlAccess(fake::Access& access, Request& request, std::string_view rest,
                                      Runtime& runtime) {
  if (rest.empty()) return Knobs(access, request, runtime);
  if (rest == "/verdicts") return Verdicts(access, request);
  if (rest == "/mint") return Mint(access, request, runtime);
  if (rest != "/rotate" && rest != "/drop-previous") return std::nullopt;
  if (request.method != "POST") return WrongMethod("POST.");
  if (rest == "/rotate") {
    access.Rotate();
  } else {
    access.DropPrevious();
  }
  const auto certs = ParseJson(access.CertsJson());
  Json kids = Json::array();
  for (const Json& key : (*certs)["keys"]) kids.push_back(key["kid"]);
  return JsonResponse(200, DumpJson({{"kids", std::move(kids)}}));
}

}  // namespace mg
