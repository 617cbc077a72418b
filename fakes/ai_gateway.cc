#include "fakes/ai_gateway.h"

#include <optional>
#include <utility>

#include "core/base/bytes.h"
#include "core/base/digest.h"
#include "core/base/json.h"
#include "fakes/ai_errors.h"
#include "fakes/ai_knobs.h"
#include "fakes/ai_runner.h"
#include "fakes/ai_steps.h"
#include "fakes/ai_target.h"
#include "fakes/v4.h"

namespace mg::fake {
namespace {

using Segments = std::vector<std::string>;

constexpr std::string_view kBearer = "Bearer ";

std::string Joined(const Segments& segments, std::size_t from) {
  std::string path;
  for (std::size_t i = from; i < segments.size(); ++i) {
    if (i > from) path += '/';
    path += segments[i];
  }
  return path;
}

// cf-aig-authorization may come without its scheme.
std::string_view TokenOf(std::string_view header) {
  if (header.substr(0, kBearer.size()) == kBearer) header.remove_prefix(kBearer.size());
  return header;
}

std::optional<AiError> ReadBytes(Request& request, Instant deadline) {
  const Status read = request.body.Buffer(kMaxRequestBytes, deadline);
  if (read) return std::nullopt;
  return KnownAiError(read.error().code == Code::kExhausted ? 3006 : 3003);
}

// Says in `note` whose call it is, when the metadata does.
AiCall CallOf(const Request& request, bool through_gateway, CallNote& note) {
  AiCall call{StoredMetadata(request.headers.Get("cf-aig-metadata")),
              std::string(request.headers.Get("cf-aig-event-id")), through_gateway};
  if (const auto metadata = ParseJson(call.metadata_json)) {
    note.tenant = StringAt(*metadata, "sandbox_id", note.tenant);
  }
  return call;
}

// A gap in any step refuses the whole call: a fallback must not hide it.
std::optional<Response> GapOf(const std::vector<ResolvedStep>& steps) {
  for (const ResolvedStep& step : steps) {
    std::string_view gap = step.target.gap;
    if (gap.empty()) gap = QueryGap(*step.step.query);
    if (!gap.empty()) return AiGapResponse(gap, "This emulator does not do " + std::string(gap));
  }
  return std::nullopt;
}

}  // namespace

class AiGateway::Impl {
 public:
  Impl(const Credentials& credentials, Runtime& runtime, Random& random, Faults& faults)
      : credentials_(credentials),
        runtime_(runtime),
        random_(random),
        runner_(credentials, runtime, random, faults) {}

  Response Handle(Request& request, CallNote& note, CancelToken& caller_gone) {
    note.operation = "ai.run";
    Response response = Route(request, note, caller_gone);
    response.headers.Set("cf-ray", HexEncode(random_.Bytes(8)) + "-" + kColo);
    return response;
  }

  AiRunner& runner() { return runner_; }

 private:
  Response Route(Request& request, CallNote& note, CancelToken& caller_gone) {
    auto segments = PathSegments(request.Path());
    if (!segments) return V4NoRoute(request.Path());
    while (!segments->empty() && segments->back().empty()) segments->pop_back();
    if (segments->size() >= 3 && segments->front() == "v1")
      return OnGateway(request, *segments, note, caller_gone);
    const bool rest = segments->size() >= 5 && (*segments)[0] == "client" &&
                      (*segments)[1] == "v4" && (*segments)[2] == "accounts";
    if (!rest) return V4NoRoute(request.Path());
    return OnApi(request, *segments, note, caller_gone);
  }

  // /v1/{account}/{gateway}[/{provider}/{endpoint}]
  Response OnGateway(Request& request, const Segments& path, CallNote& note,
                     CancelToken& caller_gone) {
    if (path[1] != credentials_.account_id) return V4NoRoute(request.Path());
    if (!IsGateway(path[2])) return AiErrorResponse(KnownAiError(2001));
    const std::string_view provider = path.size() > 3 ? std::string_view(path[3]) : "";
    if (!MayUseGateway(request.headers, provider)) return AiErrorResponse(KnownAiError(2009));
    if (request.headers.Has("upgrade"))
      return AiGapResponse("ai.websocket", "This emulator does not do ai.websocket");
    const std::string endpoint = Joined(path, 4);
    if (provider == "compat" && (endpoint == "v1/models" || endpoint == "models"))
      return AiGapResponse("ai.models", "This emulator does not do ai.models");
    if (request.method != "POST") return V4NoRoute(request.Path());
    if (auto wrong = ReadBytes(request, BodyDeadline())) return AiErrorResponse(*wrong);
    if (provider.empty()) return Universal(request, note, caller_gone);
    return Provider(request, provider, endpoint, note, caller_gone);
  }

  Response Universal(const Request& request, CallNote& note, CancelToken& caller_gone) {
    const auto body = ParseJson(request.body.bytes());
    if (!body) return AiErrorResponse(KnownAiError(kBadUniversalBodyCode));
    std::vector<AiStep> steps;
    if (auto wrong = ReadSteps(*body, SettingsOf(request.headers), steps))
      return AiErrorResponse(*wrong);
    std::vector<ResolvedStep> resolved;
    for (AiStep& step : steps) {
      AiTarget target = ResolveTarget(step.provider, step.endpoint, *step.query);
      resolved.push_back({std::move(step), std::move(target)});
    }
    if (auto gap = GapOf(resolved)) return std::move(*gap);
    return runner_.Run(resolved, CallOf(request, true, note), note, caller_gone);
  }

  Response Provider(const Request& request, std::string_view provider, std::string_view endpoint,
                    CallNote& note, CancelToken& caller_gone) {
    return RunOne(request, true, note, caller_gone,
                  [&](const Json& query) { return ResolveTarget(provider, endpoint, query); });
  }

  // /client/v4/accounts/{account}/ai/...
  Response OnApi(Request& request, const Segments& path, CallNote& note, CancelToken& caller_gone) {
    if (path[3] != credentials_.account_id) return V4NoRoute(request.Path());
    if (path[4] == "ai-gateway")
      return V4Gap("ai.management", "This emulator does not do ai.management");
    std::string_view kind;
    if (path[4] == "ai" && path.size() > 5) kind = path[5];
    const bool named = kind == "run" && path.size() > 6;
    if (kind == "v1" || (kind == "run" && !named))
      return V4Gap("ai.rest", "This emulator does not do ai.rest");
    if (!named || request.method != "POST") return V4NoRoute(request.Path());
    if (QueryValue(request.Query(), "queueRequest") == "true")
      return V4Gap("ai.batch", "This emulator does not do ai.batch");
    const std::string_view gateway = request.headers.Get("cf-aig-gateway-id");
    if (!gateway.empty() && !IsGateway(gateway)) return AiErrorResponse(KnownAiError(2001));
    if (auto wrong = ReadBytes(request, BodyDeadline())) return AiErrorResponse(*wrong);
    const std::string model = Joined(path, 6);
    return RunOne(request, !gateway.empty(), note, caller_gone,
                  [&](const Json&) { return ResolveRestModel(model); });
  }

  template <class Resolve>
  Response RunOne(const Request& request, bool through_gateway, CallNote& note,
                  CancelToken& caller_gone, Resolve resolve) {
    auto query = ParseJson(request.body.bytes());
    if (!query)
      return AiErrorResponse(KnownAiError(5006, "Bad input: Error: the body is not JSON"));
    ResolvedStep one;
    one.step.authorization = std::string(request.headers.Get("authorization"));
    one.step.settings = SettingsOf(request.headers);
    one.target = resolve(*query);
    one.step.query = std::make_shared<const Json>(std::move(query).value());
    const std::vector<ResolvedStep> steps{std::move(one)};
    if (auto gap = GapOf(steps)) return std::move(*gap);
    return runner_.Run(steps, CallOf(request, through_gateway, note), note, caller_gone);
  }

  bool IsGateway(std::string_view id) const {
    return id == credentials_.ai_gateway_id || id == kDefaultGatewayId;
  }

  // On /compat a plain OpenAI client sends the gateway's token as its only key.
  bool MayUseGateway(const Headers& headers, std::string_view provider) const {
    std::string_view header = headers.Get("cf-aig-authorization");
    if (provider == "compat" && !headers.Has("cf-aig-authorization"))
      header = headers.Get("authorization");
    return !header.empty() && ConstantTimeEqual(TokenOf(header), credentials_.ai_gateway_token);
  }

  Instant BodyDeadline() const { return runtime_.Now() + std::chrono::seconds(kBodyReadSeconds); }

  const Credentials& credentials_;
  Runtime& runtime_;
  Random& random_;
  AiRunner runner_;
};

AiGateway::AiGateway(const Credentials& credentials, Runtime& runtime, Random& random,
                     Faults& faults)
    : impl_(std::make_unique<Impl>(credentials, runtime, random, faults)) {}
AiGateway::~AiGateway() = default;

Response AiGateway::Handle(Request& request, CallNote& note, CancelToken& caller_gone) {
  return impl_->Handle(request, note, caller_gone);
}

void AiGateway::Reset() {
  impl_->runner().Reset();
}

std::vector<AiGateway::Seen> AiGateway::seen() const {
  return impl_->runner().seen();
}

void AiGateway::SetKnobs(AiKnobs knobs) {
  impl_->runner().SetKnobs(std::move(knobs));
}

AiKnobs AiGateway::knobs() const {
  return *impl_->runner().knobs();
}

bool AiGateway::AnswersAtOnce() const {
  return !impl_->runner().knobs()->AnyTakesTime();
}

}  // namespace mg::fake
