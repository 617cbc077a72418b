#include "fakes/fault_answers.h"

#include <string>

#include "core/base/bytes.h"
#include "fakes/access/pages.h"
#include "fakes/d1/limits.h"
#include "fakes/kv/limits.h"
#include "fakes/r2/xml.h"
#include "fakes/v4.h"

namespace mg::fake {
namespace {

constexpr std::string_view kR2Rest = "r2.rest.";  // over the v4 API, not S3's
constexpr const char* kR2Internal = "We encountered an internal error. Please try again.";

struct Row {
  std::string_view service;
  int status;  // 0: any other
  std::int64_t code;
  const char* name;  // S3's code
  const char* message;
};

// The first row of a service and a status is what it says when no code is asked for.
constexpr Row kRows[] = {
    {"kv", 401, 10000, "", "Authentication error"},
    {"kv", 403, 10000, "", "Authentication error"},
    {"kv", 429, 971, "", kThrottled},
    {"kv", 429, 10020, "", kThrottled},  // UNCONFIRMED
    {"kv", 0, kv::kInternalCode, "", "the store failed"},
    {"d1", 401, 10000, "", "Authentication error"},
    {"d1", 403, 7403, "",
     "The given account is not valid or is not authorized to access this service"},
    {"d1", 429, 7429, "", "D1 DB is overloaded. Too many requests queued."},
    {"d1", 429, 971, "", kThrottled},
    {"d1", 400, d1::kSqlCode, "", d1::kTooLong},
    {"d1", 0, d1::kSqlCode, "", d1::kInternal},
    {"r2", 401, 10002, "Unauthorized", "Unauthorized"},
    {"r2", 403, 10003, "AccessDenied", "Access Denied"},
    {"r2", 403, 10035, "SignatureDoesNotMatch",
     "The request signature we calculated does not match the signature you provided. Check your "
     "secret access key and signing method."},
    {"r2", 404, 10007, "NoSuchKey", "The specified key does not exist."},
    {"r2", 429, 10058, "TooManyRequests",
     "Please reduce your concurrent request rate for the same object."},
    {"r2", 503, 10043, "ServiceUnavailable", kR2Internal},
    {"r2", 0, 10001, "InternalError", kR2Internal},
};

const Row* RowOf(std::string_view service, int status, std::int64_t code) {
  for (const Row& row : kRows) {
    if (row.service != service) continue;
    if (code != 0 ? row.code == code : row.status == status || row.status == 0) return &row;
  }
  return nullptr;
}

std::string_view TypeOf(std::string_view body) {
  const std::string_view text = TrimSpace(body);
  if (text.substr(0, 1) == "{" || text.substr(0, 1) == "[") return "application/json";
  return text.substr(0, 1) == "<" ? "text/html; charset=UTF-8" : "text/plain";
}

Response Shaped(const FaultRule& rule, std::string_view operation) {
  const std::string_view service = operation.substr(0, operation.find('.'));
  constexpr int kFirstEdgeError = 520;
  constexpr int kLastEdgeError = 530;
  const int status = rule.status;
  if (service == "edge") {
    Response unfinished;
    unfinished.status = status;
    unfinished.headers.Set(kEdgeCodeHeader, std::to_string(rule.code));
    return unfinished;
  }
  if (rule.code == 0 && status >= kFirstEdgeError && status <= kLastEdgeError) {
    return TextResponse(status, "error code: " + std::to_string(status), "text/plain");
  }
  if (service == "access") {
    return MessagePage(status, "Error " + std::to_string(status), "Access cannot answer now.");
  }
  const Row* row = RowOf(service, status, rule.code);
  if (service == "r2" && operation.substr(0, kR2Rest.size()) != kR2Rest) {
    return S3Error(status, row == nullptr ? "InternalError" : row->name,
                   row == nullptr ? kR2Internal : row->message);
  }
  const std::int64_t code = rule.code != 0 || row == nullptr ? rule.code : row->code;
  Response response = V4Error(status, code, row == nullptr ? "Internal error" : row->message);
  if (service == "kv") response.headers.Set("content-type", kv::kContentType);
  return response;
}

}  // namespace

Response FaultAnswer(const FaultRule& rule, std::string_view operation) {
  Response response = rule.body.empty() ? Shaped(rule, operation)
                                        : TextResponse(rule.status == 0 ? 200 : rule.status,
                                                       rule.body, TypeOf(rule.body));
  if (!rule.content_type.empty()) response.headers.Set("content-type", rule.content_type);
  if (rule.retry_after_seconds > 0) {
    response.headers.Set("retry-after", std::to_string(rule.retry_after_seconds));
  }
  return response;
}

Response DroppedConnection() {
  Response response;
  response.status = 502;  // for who forwards it unseen
  response.drop_connection = true;
  return response;
}

}  // namespace mg::fake
