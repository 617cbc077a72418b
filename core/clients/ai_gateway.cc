#include "core/clients/ai_gateway.h"

#include <utility>

#include "core/base/json.h"

namespace mg {
namespace {

constexpr std::string_view kChatEndpoint = "v1/chat/completions";

std::size_t PathStart(std::string_view base) {
  const std::size_t scheme = base.find("://");
  const std::size_t host = scheme == std::string_view::npos ? 0 : scheme + 3;
  const std::size_t path = base.find('/', host);
  return path == std::string_view::npos ? base.size() : path;
}

// maxAttempts is never sent: AI Gateway does not time its own last retry (AIG-6).
std::string StepHead(const std::string& provider_bearer) {
  return R"({"provider":"workers-ai","endpoint":)" + DumpJson(Json(kChatEndpoint)) +
         R"(,"headers":{"Authorization":)" + DumpJson(Json(provider_bearer)) +
         R"(,"Content-Type":"application/json"},"config":{"requestTimeout":)";
}

}  // namespace

AiGatewayClient::AiGatewayClient(Transport& transport, AiGatewaySettings settings)
    : transport_(transport),
      origin_(settings.base.substr(0, PathStart(settings.base))),
      base_path_(settings.base.substr(PathStart(settings.base))),
      gateway_bearer_("Bearer " + settings.api_key),
      provider_bearer_("Bearer " + (settings.workers_ai_token.empty() ? settings.api_key
                                                                      : settings.workers_ai_token)),
      dynamic_model_("dynamic/" + settings.dynamic_route),
      step_head_(StepHead(provider_bearer_)) {}

Request AiGatewayClient::Post(std::string_view path, std::string_view metadata_json) const {
  Request request;
  request.method = "POST";
  request.origin = origin_;
  request.target = base_path_ + std::string(path);
  request.headers.Add("content-type", "application/json");
  request.headers.Add("accept", "application/json");
  request.headers.Add("cf-aig-authorization", gateway_bearer_);
  request.headers.Add("cf-aig-metadata", metadata_json);
  return request;
}

Result<Response> AiGatewayClient::Universal(const std::vector<ModelStep>& steps,
                                            const ChatBody& query, std::string_view metadata_json,
                                            const Deadlines& deadlines, CancelToken& cancel) {
  std::string body;
  body.reserve(steps.size() * (step_head_.size() + query.rest.size() + 128) + 2);
  for (const ModelStep& step : steps) {
    body += body.empty() ? '[' : ',';
    body.append(step_head_).append(std::to_string(step.request_timeout_ms));
    body.append(R"(},"query":)").append(WithModel(query, step.model)).append("}");
  }
  body += ']';

  Request request = Post("", metadata_json);
  request.body = Body(std::move(body));
  return transport_.Send(request, deadlines, cancel);
}

Result<Response> AiGatewayClient::Direct(const ModelStep& step, const ChatBody& query,
                                         std::string_view metadata_json, const Deadlines& deadlines,
                                         CancelToken& cancel) {
  Request request = Post("/workers-ai/" + std::string(kChatEndpoint), metadata_json);
  request.headers.Add("authorization", provider_bearer_);
  request.headers.Add("cf-aig-request-timeout", std::to_string(step.request_timeout_ms));
  request.body = Body(WithModel(query, step.model));
  return transport_.Send(request, deadlines, cancel);
}

Result<Response> AiGatewayClient::Dynamic(const ChatBody& query, std::string_view metadata_json,
                                          const Deadlines& deadlines, CancelToken& cancel) {
  Request request = Post("/compat/chat/completions", metadata_json);
  request.headers.Add("authorization", provider_bearer_);
  request.body = Body(WithModel(query, dynamic_model_));
  return transport_.Send(request, deadlines, cancel);
}

}  // namespace mg
