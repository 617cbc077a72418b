#include "core/clients/kv.h"

#include <utility>

#include "core/base/bytes.h"
#include "core/base/json.h"
#include "core/clients/call.h"
#include "core/http/message.h"

namespace mg {
namespace {

constexpr std::size_t kMaxAnswerBytes = 26'214'400 + 64 * 1024;  // KV's largest value
constexpr std::int64_t kKeyNotFoundCode = 10009;

std::string What(std::string_view method) {
  return method == "GET" ? "KV get" : method == "PUT" ? "KV put" : "KV delete";
}

Status CheckAnswer(std::string_view method, const Response& answer) {
  const std::string what = What(method);
  const std::string& body = answer.body.bytes();
  if (answer.status != 200) return V4ErrorFor(what, answer.status, ReadV4Failure(body));
  MG_TRY(result, ReadV4Result(what, body));
  static_cast<void>(result);  // null or {}: success is all there is to know
  return Ok();
}

}  // namespace

KvClient::KvClient(Transport& transport, Runtime& runtime, KvBinding binding)
    : transport_(transport), runtime_(runtime), binding_(std::move(binding)) {}

Result<Response> KvClient::Call(std::string_view method, std::string_view key,
                                std::string_view query, std::string body, CancelToken& cancel) {
  const std::string what = What(method);
  const std::string path = "/accounts/" + binding_.account_id + "/storage/kv/namespaces/" +
                           binding_.namespace_id + "/values/" + PercentEncode(key) +
                           std::string(query);
  V4Call call;
  call.what = what;
  call.method = method;
  call.api_base = binding_.api_base;
  call.path = path;
  call.api_token = binding_.api_token;
  if (method == "PUT") call.content_type = "application/octet-stream";
  call.body = std::move(body);
  call.limit_ms = kKvCallMs;
  call.answer_limit_bytes = kMaxAnswerBytes;
  return SendV4(transport_, runtime_, std::move(call), cancel);
}

Result<std::optional<std::string>> KvClient::Get(std::string_view key, CancelToken& cancel) {
  MG_TRY(answer, Call("GET", key, "", "", cancel));
  if (answer.status == 200) return std::optional<std::string>(answer.body.bytes());
  const V4Failure failure = ReadV4Failure(answer.body.bytes());
  // An unknown namespace is 404 too, but no missing key.
  if (answer.status == 404 && failure.code == kKeyNotFoundCode) return std::optional<std::string>();
  return V4ErrorFor(What("GET"), answer.status, failure);
}

Status KvClient::Put(std::string_view key, std::string_view value, std::int64_t ttl_seconds,
                     CancelToken& cancel) {
  const std::string query =
      ttl_seconds == 0 ? "" : "?expiration_ttl=" + std::to_string(ttl_seconds);
  MG_TRY(answer, Call("PUT", key, query, std::string(value), cancel));
  return CheckAnswer("PUT", answer);
}

Status KvClient::Delete(std::string_view key, CancelToken& cancel) {
  MG_TRY(answer, Call("DELETE", key, "", "", cancel));
  return CheckAnswer("DELETE", answer);
}

}  // namespace mg
