#include "fakes/ai/gateway.h"

#include <optional>
#include <utility>

#include "core/base/bytes.h"
#include "core/base/digest.h"
#include "core/base/ids.h"
#include "core/base/json.h"
#include "fakes/ai/control.h"
#include "fakes/ai/errors.h"
#include "fakes/ai/knobs.h"
#include "fakes/ai/management.h"
#include "fakes/ai/runner.h"
#include "fakes/ai/socket.h"
#include "fakes/ai/step_source.h"
#include "fakes/ai/steps.h"
#include "fakes/ai/target.h"
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

// A gap in any step refuses the whole call: a fallback must not hide it.
std::optional<Response> GapOf(const std::vector<ResolvedStep>& steps) {
  for (const ResolvedStep& step : steps) {
    const std::string_view gap = step.target.gap;
    if (!gap.empty()) return AiGapResponse(gap, "This emulator does not do " + std::string(gap));
  }
  return std::nullopt;
}

}  // namespace

class AiGateway::Impl {
 public:
  Impl(const Credentials& credentials, const std::string& folder, Runtime& runtime, Random& random,
       Faults& faults)
      : credentials_(credentials),
        runtime_(runtime),
        random_(random),
        faults_(faults),
        control_(credentials, folder, runtime, random),
        management_(credentials, control_, runtime, random),
        runner_(credentials, control_, runtime, random, faults) {}

  Response Handle(Request& request, CallNote& note, CancelToken& caller_gone) {
    note.operation = "ai.run";
    const std::shared_ptr<const AiKnobs> knobs = runner_.knobs();
    Arrival arrival{request, *knobs, note, caller_gone};
    Response response = Route(arrival);
    response.headers.Set("cf-ray", HexEncode(random_.Bytes(8)) + "-" + kColo);
    if (knobs->legacy_envelope) MakeLegacyEnvelope(response);
    return response;
  }

  AiRunner& runner() { return runner_; }
  AiControl& control() { return control_; }

 private:
  struct Arrival {
    Request& request;
    const AiKnobs& knobs;
    CallNote& note;
    CancelToken& caller_gone;
    AiGateways::Config gateway = nullptr;  // null: Workers AI without one
    bool authenticated = false;            // the gateway's own token came with it, and was right
  };

  Response Route(Arrival& arrival) {
    const Request& request = arrival.request;
    auto segments = PathSegments(request.Path());
    if (!segments) return V4NoRoute(request.Path());
    while (!segments->empty() && segments->back().empty()) segments->pop_back();
    if (segments->size() >= 3 && segments->front() == "v1") return OnGateway(arrival, *segments);
    const bool rest = segments->size() >= 5 && (*segments)[0] == "client" &&
                      (*segments)[1] == "v4" && (*segments)[2] == "accounts";
    return rest ? OnApi(arrival, *segments) : V4NoRoute(request.Path());
  }

  // /v1/{account}/{gateway}[/{provider}/{endpoint}]
  Response OnGateway(Arrival& arrival, const Segments& path) {
    Request& request = arrival.request;
    if (path[1] != credentials_.account_id) return V4NoRoute(request.Path());
    const std::string_view provider = path.size() > 3 ? std::string_view(path[3]) : "";
    arrival.authenticated = HasGatewayToken(request.headers, provider);
    if (auto refusal = EnterGateway(arrival, path[2])) return AiErrorResponse(*refusal);
    if (request.headers.Has("upgrade")) {
      if (provider.empty()) return Socket(arrival);
      return AiGapResponse("ai.realtime", "This emulator does not do ai.realtime");
    }
    const std::string endpoint = Joined(path, 4);
    if (provider == "compat" && (endpoint == "v1/models" || endpoint == "models"))
      return request.method == "GET" ? JsonResponse(200, AiModelListJson())
                                     : V4NoRoute(request.Path());
    if (request.method != "POST") return V4NoRoute(request.Path());
    if (auto wrong = ReadBytes(request, BodyDeadline())) return AiErrorResponse(*wrong);
    if (provider.empty()) return Universal(arrival);
    return RunOne(arrival, provider == "compat" ? AiCall::Kind::kCompat : AiCall::Kind::kProvider,
                  endpoint, [&](const Json& query) {
                    return ResolveTarget(provider, endpoint, query, arrival.knobs.strict_run_path);
                  });
  }

  // 2001 or 2009. The gateway "default" is made by its first authenticated call.
  std::optional<AiError> EnterGateway(Arrival& arrival, const std::string& id) {
    arrival.gateway = control_.gateways.Find(id);
    if (arrival.gateway == nullptr && id != kDefaultGatewayId) return KnownAiError(2001);
    const bool closed = arrival.gateway == nullptr || arrival.gateway->authentication;
    if (closed && arrival.knobs.gateway_authentication && !arrival.authenticated)
      return KnownAiError(2009);
    if (arrival.gateway == nullptr) arrival.gateway = control_.gateways.FindOrMakeDefault(id);
    return arrival.gateway == nullptr ? std::optional(KnownAiError(2001)) : std::nullopt;
  }

  // Each step that comes over it is a universal call with the handshake's cf-aig-* headers.
  Response Socket(const Arrival& arrival) {
    Headers headers;
    for (const Headers::Line& line : arrival.request.headers.lines())
      if (EqualsIgnoreCase(line.name.substr(0, 7), "cf-aig-")) headers.Add(line.name, line.value);
    return OpenAiSocket(
        arrival.request.headers,
        [this, headers, gateway = arrival.gateway, authenticated = arrival.authenticated](
            const std::string& step_json, CancelToken& caller_gone) {
          Request request;
          request.method = "POST";
          request.headers = headers;
          request.body = "[" + step_json + "]";
          CallNote note;
          note.operation = "ai.run";
          const auto knobs = runner_.knobs();
          Arrival step{request, *knobs, note, caller_gone, gateway, authenticated};
          return Universal(step);
        });
  }

  Response Universal(Arrival& arrival) {
    const auto body = ParseJson(arrival.request.body.bytes());
    if (!body) return AiErrorResponse(KnownAiError(kBadUniversalBodyCode));
    AiSettings settings;
    if (auto wrong = ReadSettings(arrival, settings)) return AiErrorResponse(*wrong);
    std::vector<AiStep> steps;
    if (auto wrong = ReadSteps(*body, settings, arrival.knobs.refuse_bad_settings, steps))
      return AiErrorResponse(*wrong);
    std::vector<ResolvedStep> resolved;
    for (AiStep& step : steps) {
      AiTarget target =
          ResolveTarget(step.provider, step.endpoint, *step.query, arrival.knobs.strict_run_path);
      resolved.push_back({std::move(step), std::move(target)});
    }
    return Run(arrival, AiCall::Kind::kUniversal, std::move(resolved));
  }

  // /client/v4/accounts/{account}/ai/...
  Response OnApi(Arrival& arrival, const Segments& path) {
    Request& request = arrival.request;
    if (path[3] != credentials_.account_id) return V4NoRoute(request.Path());
    if (path[4] == "ai-gateway") return management_.Handle(request, arrival.note);
    const std::string_view kind =
        path[4] == "ai" && path.size() > 5 ? std::string_view(path[5]) : "";
    const std::string rest = Joined(path, 6);
    const bool known = kind == "run" || (kind == "v1" && !rest.empty());
    if (!known || request.method != "POST") return V4NoRoute(request.Path());
    if (!MayUseWorkersAi(request.headers.Get("authorization"), credentials_, arrival.knobs))
      return AiErrorResponse(KnownAiError(10000));
    if (QueryValue(request.Query(), "queueRequest") == "true")
      return V4Gap("ai.batch", "This emulator does not do ai.batch");
    arrival.authenticated = true;  // the v4 token is the gateway's too
    std::string gateway_id(request.headers.Get("cf-aig-gateway-id"));
    const bool of_named_model = kind == "run" && !rest.empty();
    if (gateway_id.empty() && !of_named_model) gateway_id = kDefaultGatewayId;
    if (!gateway_id.empty())
      if (auto refusal = EnterGateway(arrival, gateway_id)) return AiErrorResponse(*refusal);
    if (auto wrong = ReadBytes(request, BodyDeadline())) return AiErrorResponse(*wrong);
    if (kind == "run" && rest.empty()) return RunEnvelope(arrival);
    return RunOne(arrival, AiCall::Kind::kRest, Joined(path, 5), [&](const Json& query) {
      return of_named_model ? ResolveRestModel(rest)
                            : ResolveTarget("workers-ai", "v1/" + rest, query, false);
    });
  }

  // {"model": "...", "input": {...}}
  Response RunEnvelope(Arrival& arrival) {
    const auto body = ParseJson(arrival.request.body.bytes());
    const Json* input = body ? Find(*body, "input") : nullptr;
    const std::string model = body ? StringAt(*body, "model") : "";
    if (input == nullptr || model.empty())
      return AiErrorResponse(
          KnownAiError(5006, "Bad input: Error: required properties at '/' are 'model,input'"));
    arrival.request.body = DumpJson(*input);
    return RunOne(arrival, AiCall::Kind::kRest, "run/" + model,
                  [&](const Json&) { return ResolveRestModel(model); });
  }

  template <class Resolve>
  Response RunOne(Arrival& arrival, AiCall::Kind kind, const std::string& endpoint,
                  Resolve resolve) {
    const Request& request = arrival.request;
    auto query = ParseJson(request.body.bytes());
    if (!query)
      return AiErrorResponse(KnownAiError(5006, "Bad input: Error: the body is not JSON"));
    ResolvedStep one;
    if (auto wrong = ReadSettings(arrival, one.step.settings)) return AiErrorResponse(*wrong);
    one.step.authorization = std::string(request.headers.Get("authorization"));
    one.target = resolve(*query);
    one.step.endpoint = endpoint;
    one.step.query = std::make_shared<const Json>(std::move(query).value());
    one.step.query_text = request.body.bytes();
    return Run(arrival, kind, {std::move(one)});
  }

  Response Run(Arrival& arrival, AiCall::Kind kind, std::vector<ResolvedStep> steps) {
    if (auto gap = GapOf(steps)) return std::move(*gap);
    const Request& request = arrival.request;
    auto call = std::make_shared<AiCall>();
    call->kind = kind;
    call->gateway = arrival.gateway;
    call->authenticated = arrival.authenticated;
    call->path = std::string(request.Path());
    call->user_agent = std::string(request.headers.Get("user-agent"));
    call->content_type = std::string(request.headers.Get("content-type"));
    call->began = runtime_.Now();
    call->began_at = runtime_.Wall();
    AiStepSource source(std::move(steps), arrival.gateway.get(), control_, faults_, runtime_,
                        random_);
    Response response = runner_.Run(std::move(call), source, arrival.note, arrival.caller_gone);
    if (kind == AiCall::Kind::kRest && arrival.gateway != nullptr)
      response.headers.Set("cf-aig-request-id", UuidFromBytes(random_.Bytes(16)));
    return response;
  }

  static std::optional<AiError> ReadSettings(const Arrival& arrival, AiSettings& settings) {
    settings.retry_delay_ms = kDefaultRetryDelayMs;
    if (arrival.gateway != nullptr) ApplyGateway(*arrival.gateway, settings);
    const std::string_view wrong = ApplyAiHeaders(arrival.request.headers, settings);
    if (wrong.empty() || !arrival.knobs.refuse_bad_settings) return std::nullopt;
    return BadSetting(wrong);
  }

  // On /compat a plain OpenAI client sends the gateway's token as its only key.
  bool HasGatewayToken(const Headers& headers, std::string_view provider) const {
    std::string_view header = headers.Get("cf-aig-authorization");
    if (provider == "compat" && !headers.Has("cf-aig-authorization"))
      header = headers.Get("authorization");
    const std::string offered = SocketToken(headers);
    if (header.empty()) header = offered;
    return !header.empty() && ConstantTimeEqual(TokenOf(header), credentials_.ai_gateway_token);
  }

  Instant BodyDeadline() const { return runtime_.Now() + std::chrono::seconds(kBodyReadSeconds); }

  const Credentials& credentials_;
  Runtime& runtime_;
  Random& random_;
  Faults& faults_;
  AiControl control_;
  AiManagement management_;
  AiRunner runner_;
};

AiGateway::AiGateway(const Credentials& credentials, const std::string& folder, Runtime& runtime,
                     Random& random, Faults& faults)
    : impl_(std::make_unique<Impl>(credentials, folder, runtime, random, faults)) {}
AiGateway::~AiGateway() = default;

Response AiGateway::Handle(Request& request, CallNote& note, CancelToken& caller_gone) {
  return impl_->Handle(request, note, caller_gone);
}

void AiGateway::Reset() {
  impl_->runner().Reset();
  impl_->control().Reset();
}

std::vector<AiGateway::Seen> AiGateway::seen() const {
  return impl_->runner().seen();
}

void AiGateway::SetKnobs(AiKnobs knobs) {
  impl_->runner().SetKnobs(std::move(knobs));
}

void AiGateway::SetReplies(std::vector<std::shared_ptr<ReplySource>> sources) {
  impl_->runner().workers().SetReplies(std::move(sources));
}

AiKnobs AiGateway::knobs() const {
  return *impl_->runner().knobs();
}

bool AiGateway::AnswersAtOnce() const {
  return !impl_->runner().knobs()->AnyTakesTime() && !impl_->control().gateways.AnyIsGuarded();
}

}  // namespace mg::fake
