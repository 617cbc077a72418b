#include "fakes/edge/edge.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "core/base/bytes.h"
#include "core/http/host.h"
#include "fakes/edge/caps.h"
#include "fakes/edge/request_facts.h"
#include "fakes/fault_answers.h"

namespace mg::fake {
namespace {

constexpr std::string_view kRouteHeader = "x-moltgate-route";
constexpr std::size_t kRayBytes = 8;
constexpr const char* kFaultPoint = "edge.request";

std::string FirstSegment(std::string_view path) {
  const std::string_view rest = path.substr(path.empty() ? 0 : 1);
  return "/" + std::string(rest.substr(0, rest.find('/')));
}

std::string TakeOperation(Response& response, std::string_view path) {
  std::string operation(response.headers.Get(kRouteHeader));
  response.headers.Remove(kRouteHeader);
  return operation.empty() ? FirstSegment(path) : operation;
}

// What rules that count answers need of a request: whoever answers may change it.
Request HeadOf(const Request& request) {
  Request head;
  head.method = request.method;
  head.target = request.target;
  head.headers = request.headers;
  return head;
}

bool AnyCountsAnswers(const EdgeSettings& settings) {
  return std::any_of(settings.rules.begin(), settings.rules.end(),
                     [](const RateRule& rule) { return rule.CountsAnswers(); });
}

}  // namespace

// One request on its way.
struct Edge::Visit {
  Request& request;
  const Peer& peer;
  CancelToken& caller_gone;
  OpenCall& open;
  std::shared_ptr<Zone::Rules> rules;
  std::string ray;   // without the place
  std::string host;  // "" when it is none
  bool address_host = false;
  bool https = false;
  int loops = 0;

  const EdgeSettings& settings() const { return rules->settings; }
  std::string RayAndPlace() const { return ray + "-" + settings().colo; }
  Traffic TrafficOf(const Request& seen, const Response* response) const {
    return {seen, host, peer.address, settings().country, settings().colo, https, response};
  }
};

Edge::Edge(Handler& gateway, Access* access, Zone& zone, Faults& faults, Runtime& runtime,
           Random& random, Journal& journal)
    : gateway_(gateway),
      access_(access),
      zone_(zone),
      faults_(faults, runtime),
      runtime_(runtime),
      random_(random),
      journal_(journal) {}

Response Edge::Handle(Request& request, const Peer& peer, CancelToken& caller_gone) {
  OpenCall open(journal_, runtime_, request, "gateway");
  Visit visit{request,
              peer,
              caller_gone,
              open,
              zone_.rules(),
              HexEncode(random_.Bytes(kRayBytes)),
              {},
              false,
              zone_.https(),
              LoopsOf(request.headers)};
  if (const auto host = ParseHost(request.headers.Get("host"))) {
    open.note.subject = visit.host = host->name;
    visit.address_host = host->is_ip_literal;
  }
  if (tenant_of_) open.SetTenant(tenant_of_(visit.host));
  StripClaims(request.headers);
  if (visit.settings().drops_dotted_headers) DropDottedHeaders(request.headers);

  Response response = faults_.Pass(open.note, caller_gone, [&] { return Answer(visit); });
  response.headers.Set("server", "cloudflare");
  response.headers.Set("cf-ray", visit.RayAndPlace());
  open.RecordAtEnd(response, caller_gone);
  return response;
}

Response Edge::Answer(Visit& visit) {
  if (auto refusal = Refuse(visit)) return std::move(*refusal);
  if (auto fault = MeetFault(visit)) return std::move(*fault);
  if (auto limited = Limit(visit)) return std::move(*limited);
  const BodyCap cap = CapBody(visit.request, visit.settings().body_bytes);
  if (cap.exceeded()) return Bare(visit, 413, "payload_too_large");
  std::optional<Request> head;
  if (AnyCountsAnswers(visit.settings())) head = HeadOf(visit.request);
  Response response = Pass(visit);
  if (cap.exceeded()) return Bare(visit, 413, "payload_too_large");
  if (HeaderBytes(response.headers) > visit.settings().response_header_bytes)
    return Page(visit, EdgeErrorOf(edge_code::kUnknownError));
  if (head) visit.rules->limits.AtResponse(visit.TrafficOf(*head, &response));
  return response;
}

std::optional<Response> Edge::Refuse(Visit& visit) {
  const Headers& headers = visit.request.headers;
  const EdgeSettings& settings = visit.settings();
  if (!HostIsPlausible(headers) ||
      (headers.Has("content-length") && headers.Has("transfer-encoding")))
    return Bare(visit, 400, "bad_request");
  if (visit.request.target.size() > settings.url_bytes)
    return Bare(visit, kUrlTooLongStatus, "uri_too_long");
  if (HeaderBytes(headers) > settings.header_bytes)
    return Page(visit, EdgeErrorOf(edge_code::kHeadersTooLarge));
  if (visit.loops >= kLoopLimit) return Page(visit, EdgeErrorOf(edge_code::kLoop));
  return RefuseHost(visit);
}

std::optional<Response> Edge::RefuseHost(Visit& visit) {
  const EdgeSettings& settings = visit.settings();
  if (settings.refuses_address_hosts && visit.address_host)
    return Page(visit, EdgeErrorOf(edge_code::kAddressHost));
  if (settings.refuses_unknown_hosts && !visit.address_host &&
      (visit.host.empty() || !zone_.Knows(visit.host)))
    return Page(visit, EdgeErrorOf(kUnknownHostCode));
  return std::nullopt;
}

// The rule names the error by code or by status; a body of its own stays what it is.
std::optional<Response> Edge::MeetFault(Visit& visit) {
  CallNote& note = visit.open.note;
  note.operation = kFaultPoint;
  note.subject = visit.host + std::string(visit.request.Path());
  auto fault = note.Begin();
  note.subject = visit.host;
  if (!fault || fault->drop_connection || !fault->headers.Has(kEdgeCodeHeader)) return fault;
  const int code = static_cast<int>(ParseUint(fault->headers.Get(kEdgeCodeHeader)).value_or(0));
  const auto retry = ParseInt(fault->headers.Get("retry-after")).value_or(0);
  if (code == 0 && fault->status < 500) return Bare(visit, fault->status, "refused");
  EdgeError error = EdgeErrorOf(code == 0 ? fault->status : code);
  error.status = fault->status;
  return Page(visit, error, retry);
}

std::optional<Response> Edge::Limit(Visit& visit) {
  const auto verdict = visit.rules->limits.AtRequest(visit.TrafficOf(visit.request, nullptr));
  if (!verdict) return std::nullopt;
  const EdgeError error = EdgeErrorOf(edge_code::kRateLimited);
  const RateRule& rule = *verdict->rule;
  visit.open.note.operation = std::string("edge.") + error.name;
  if (rule.action == RateRule::Action::kChallenge) return ChallengePage(ContextOf(visit));
  if (!rule.answer) return Page(visit, error, verdict->retry_after_seconds);
  Response response =
      TextResponse(rule.answer->status, rule.answer->content, rule.answer->content_type);
  response.headers.Set("retry-after", std::to_string(verdict->retry_after_seconds));
  return response;
}

Response Edge::Pass(Visit& visit) {
  if (access_ == nullptr) return Forward(visit);
  AccessPassage passage;
  auto answered =
      access_->Enter(visit.request, visit.peer.address, visit.open.note, passage, visit.https);
  if (answered) {
    visit.open.service = "access";
    return std::move(*answered);
  }
  Response response = Forward(visit);
  for (const std::string& cookie : passage.cookies) response.headers.Add("set-cookie", cookie);
  return response;
}

Response Edge::Forward(Visit& visit) {
  Request& request = visit.request;
  const std::string path(request.Path());
  SayFacts(
      {visit.peer.address, visit.RayAndPlace(), visit.settings().country, visit.https, visit.loops},
      request.headers);
  Response response = gateway_.Handle(request, Peer{visit.peer.address, true}, visit.caller_gone);
  visit.open.note.operation = TakeOperation(response, path);
  return response;
}

Response Edge::Page(Visit& visit, const EdgeError& error, std::int64_t retry_after_seconds) {
  visit.open.note.operation = std::string("edge.") + error.name;
  ErrorContext context = ContextOf(visit);
  context.retry_after_seconds = retry_after_seconds;
  return ErrorPage(error, context);
}

Response Edge::Bare(Visit& visit, int status, const char* name) {
  visit.open.note.operation = std::string("edge.") + name;
  return BarePage(status);
}

ErrorContext Edge::ContextOf(const Visit& visit) const {
  return {visit.request.headers.Get("accept"), visit.ray, visit.host, runtime_.Wall(), 0};
}

}  // namespace mg::fake
