#include "core/clients/call.h"

#include <chrono>
#include <utility>

#include "core/base/json.h"

namespace mg {
namespace {

constexpr std::size_t kMaxMessageBytes = 500;

constexpr std::int64_t kAuthenticationErrorCode = 10000;
constexpr std::int64_t kNoCredentialsCode = 10001;
constexpr std::int64_t kBadHeadersCode = 6003;

Error Prefixed(std::string_view what, Error error) {
  error.message = std::string(what) + ": " + error.message;
  return error;
}

bool AreCredentialsRefused(int status, std::int64_t code) {
  if (status == 401) return true;
  if (status == 403) return code == kAuthenticationErrorCode;
  return status == 400 && (code == kNoCredentialsCode || code == kBadHeadersCode);
}

}  // namespace

Result<Response> SendV4(Transport& transport, Runtime& runtime, V4Call call, CancelToken& cancel) {
  // api_base is "scheme://authority/path".
  const std::size_t authority = call.api_base.find("://");
  const std::size_t path_start =
      authority == std::string_view::npos ? authority : call.api_base.find('/', authority + 3);
  if (path_start == std::string_view::npos) {
    return Error{Code::kInvalid, std::string(call.what) + ": the API base has no path", false};
  }
  Request request;
  request.method = std::string(call.method);
  request.origin = std::string(call.api_base.substr(0, path_start));
  request.target = std::string(call.api_base.substr(path_start)).append(call.path);
  request.headers.Set("authorization", "Bearer " + std::string(call.api_token));
  if (!call.content_type.empty()) request.headers.Set("content-type", call.content_type);
  request.body = std::move(call.body);

  const Instant deadline = runtime.Now() + std::chrono::milliseconds(call.limit_ms);
  Deadlines deadlines;
  deadlines.first_byte = deadline;
  deadlines.total = deadline;
  auto answer = transport.Send(request, deadlines, cancel);
  if (!answer) return Prefixed(call.what, answer.error());
  const Status read = answer->body.Buffer(call.answer_limit_bytes, deadline);
  if (!read && read.error().code == Code::kExhausted) {
    return Error{Code::kCorrupt, std::string(call.what) + ": the answer is too long", false};
  }
  if (!read) return Prefixed(call.what, read.error());
  return answer;
}

V4Failure ReadV4Failure(std::string_view body) {
  V4Failure failure;
  const auto json = ParseJson(body);
  if (!json) return failure;
  const Json* errors = Find(*json, "errors");
  if (errors == nullptr || !errors->is_array() || errors->empty()) return failure;
  failure.code = IntAt(errors->front(), "code", 0);
  failure.message = StringAt(errors->front(), "message").substr(0, kMaxMessageBytes);
  return failure;
}

Error V4ErrorFor(std::string_view what, int status, const V4Failure& failure) {
  Error error;
  error.message = std::string(what) + ": ";
  error.message += failure.message.empty()
                       ? "status " + std::to_string(status)
                       : failure.message + " [code: " + std::to_string(failure.code) + "]";
  if (AreCredentialsRefused(status, failure.code)) {
    error.code = Code::kUnauthenticated;
  } else if (status == 403) {
    error.code = Code::kDenied;
  } else if (status == 404) {
    error.code = Code::kNotFound;
  } else if (status == 429) {
    error.code = Code::kExhausted;
    error.retryable = true;
  } else if (status >= 500) {
    error.code = Code::kUnavailable;
    error.retryable = true;
  } else {
    error.code = status >= 400 ? Code::kInvalid : Code::kCorrupt;
  }
  return error;
}

Result<Json> ReadV4Result(std::string_view what, std::string_view body) {
  auto json = ParseJson(body);
  const Json* success = json ? Find(*json, "success") : nullptr;
  const bool succeeded = success != nullptr && success->is_boolean() && success->get<bool>();
  if (!succeeded || !json->contains("result")) {
    return Error{Code::kCorrupt, std::string(what) + ": the answer is not a v4 envelope", false};
  }
  return std::move((*json)["result"]);
}

}  // namespace mg
