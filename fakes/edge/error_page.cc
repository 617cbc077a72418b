#include "fakes/edge/error_page.h"

#include <optional>

#include "core/base/bytes.h"
#include "core/base/json.h"
#include "core/base/time_text.h"
#include "core/http/html.h"
#include "fakes/edge/settings.h"

namespace mg::fake {
namespace {

constexpr std::string_view kHtml = "text/html";
constexpr std::string_view kJson = "application/json";
constexpr std::string_view kProblem = "application/problem+json";
constexpr std::string_view kMarkdown = "text/markdown";
constexpr std::string_view kPlain = "text/plain";
constexpr std::string_view kTypes[] = {kHtml, kJson, kProblem, kMarkdown, kPlain};
constexpr std::size_t kMaxAcceptParts = 64;

struct Wanted {
  std::string_view type;
  double quality = 0;
};

double QualityOf(const std::vector<std::string_view>& parameters) {
  for (std::size_t i = 1; i < parameters.size(); ++i) {
    const std::string_view parameter = TrimSpace(parameters[i]);
    if (parameter.substr(0, 2) != "q=") continue;
    const std::string_view digits = parameter.substr(2);
    if (digits == "0" || digits.substr(0, 3) == "0.0") return 0;
    const auto tenths = digits.substr(0, 2) == "0." ? ParseUint(digits.substr(2, 1)) : std::nullopt;
    return tenths ? static_cast<double>(*tenths) / 10 : 1;
  }
  return 1;
}

// The one of ours that a media range stands for; the widest mean a page.
std::string_view TypeOf(const std::string& range) {
  if (range == "application/*") return kJson;
  if (range == "*/*" || range == "text/*") return kHtml;
  for (const std::string_view type : kTypes)
    if (type == range) return type;
  return {};
}

std::string_view Negotiate(std::string_view accept) {
  Wanted best{kHtml, 0};
  std::size_t parts = 0;
  for (const std::string_view part : Split(accept, ',')) {
    if (++parts > kMaxAcceptParts) break;
    const auto parameters = Split(part, ';');
    const std::string_view type = TypeOf(AsciiLower(TrimSpace(parameters.front())));
    const double quality = QualityOf(parameters);
    if (!type.empty() && quality > best.quality) best = {type, quality};
  }
  return best.type;
}

std::string TitleOf(const EdgeError& error) {
  return "Error " + std::to_string(error.code) + ": " + error.title;
}

std::string HtmlOf(const EdgeError& error, const ErrorContext& context) {
  const std::string code = std::to_string(error.code);
  std::string html = "<!DOCTYPE html>\n<html lang=\"en-US\">\n<head>\n<title>";
  html.append(EscapeHtml(error.title)).append(" | ").append(EscapeHtml(context.zone));
  html.append("</title>\n<meta charset=\"UTF-8\">\n<meta name=\"robots\" content=\"noindex, ");
  html.append("nofollow\">\n</head>\n<body>\n<div id=\"cf-error-details\">\n<h1>Error <span>");
  html.append(code).append("</span></h1>\n<h2>").append(EscapeHtml(error.title));
  html.append("</h2>\n<p>").append(EscapeHtml(error.detail)).append("</p>\n<p>Ray ID: <strong>");
  html.append(EscapeHtml(context.ray))
      .append("</strong> &bull; ")
      .append(IsoSeconds(context.now.seconds()));
  return html.append("</p>\n<p>Performance &amp; security by Cloudflare</p>\n")
      .append("</div>\n</body>\n</html>\n");
}

std::string ProblemOf(const EdgeError& error, const ErrorContext& context, std::int64_t retry) {
  constexpr const char* kPages =
      "https://developers.cloudflare.com/support/troubleshooting/http-status-codes/";
  const bool is_status = error.code < 1000;
  Json problem = {{"type", std::string(kPages) +
                               (is_status ? "cloudflare-5xx-errors/" : "cloudflare-1xxx-errors/") +
                               "error-" + std::to_string(error.code) + "/"},
                  {"title", TitleOf(error)},
                  {"status", error.status},
                  {"detail", error.detail},
                  {"instance", context.ray},
                  {"error_code", error.code},
                  {"error_name", error.name},
                  {"error_category", error.category},
                  {"ray_id", context.ray},
                  {"timestamp", IsoSeconds(context.now.seconds())},
                  {"zone", context.zone},
                  {"cloudflare_error", true},
                  {"retryable", retry > 0},
                  {"owner_action_required", error.owner_action}};
  if (retry > 0) problem["retry_after"] = retry;
  return DumpJson(problem);
}

std::string MarkdownOf(const EdgeError& error, const ErrorContext& context) {
  return "# " + TitleOf(error) + "\n\n" + error.detail +
         "\n\n- Ray ID: " + std::string(context.ray) +
         "\n- Time: " + IsoSeconds(context.now.seconds()) + "\n";
}

void AddPageHeaders(Response& response) {
  response.headers.Set("cache-control",
                       "private, max-age=0, no-store, no-cache, must-revalidate, post-check=0, "
                       "pre-check=0");
  response.headers.Set("expires", "Thu, 01 Jan 1970 00:00:01 GMT");
  response.headers.Set("referrer-policy", "same-origin");
  response.headers.Set("x-frame-options", "SAMEORIGIN");
}

}  // namespace

Response ErrorPage(const EdgeError& error, const ErrorContext& context) {
  const std::string_view type = Negotiate(context.accept);
  const std::int64_t retry =
      context.retry_after_seconds > 0 ? context.retry_after_seconds : error.retry_after_seconds;
  std::string body;
  if (type == kHtml) body = HtmlOf(error, context);
  if (type == kJson || type == kProblem) body = ProblemOf(error, context, retry);
  if (type == kMarkdown) body = MarkdownOf(error, context);
  if (type == kPlain) body = "error code: " + std::to_string(error.code);
  const std::string content_type =
      std::string(type) + (type == kHtml ? "; charset=UTF-8" : "; charset=utf-8");
  Response response = TextResponse(error.status, std::move(body), content_type);
  AddPageHeaders(response);
  response.headers.Set("cf-error-type", error.name);
  response.headers.Set("cf-error-origin", "edge");
  if (retry > 0) response.headers.Set("retry-after", std::to_string(retry));
  return response;
}

Response BarePage(int status) {
  const std::string title = std::to_string(status) + " " + std::string(ReasonPhrase(status));
  Response response = TextResponse(status,
                                   "<html>\r\n<head><title>" + title +
                                       "</title></head>\r\n<body>\r\n<center><h1>" + title +
                                       "</h1></center>\r\n<hr><center>cloudflare</center>\r\n"
                                       "</body>\r\n</html>\r\n",
                                   "text/html");
  return response;
}

Response ChallengePage(const ErrorContext& context) {
  Response response = TextResponse(
      kChallengeStatus,
      "<!DOCTYPE html>\n<html lang=\"en-US\">\n<head>\n<title>Just a moment...</title>\n</head>\n"
      "<body>\n<h1>" +
          EscapeHtml(context.zone) +
          "</h1>\n<p>Checking that you are human. This page cannot be passed here.</p>\n<p>Ray "
          "ID: " +
          EscapeHtml(context.ray) + "</p>\n</body>\n</html>\n",
      "text/html; charset=UTF-8");
  AddPageHeaders(response);
  response.headers.Set("cf-mitigated", "challenge");
  return response;
}

}  // namespace mg::fake
