#include "core/clients/r2.h"

#include <algorithm>
#include <chrono>
#include <iterator>
#include <utility>

#include "core/base/bytes.h"
#include "core/base/digest.h"
#include "core/clients/sigv4.h"
#include "core/http/message.h"

namespace mg {
namespace {

constexpr std::chrono::seconds kR2Call{30};
constexpr std::size_t kMaxObjectBytes = 64 * 1024 * 1024;
constexpr std::size_t kMaxErrorBytes = 64 * 1024;
constexpr std::size_t kMaxKeyBytes = 1024;

constexpr std::string_view kCredentialFaults[] = {
    "Unauthorized",   "InvalidAccessKeyId",   "SignatureDoesNotMatch",
    "ExpiredRequest", "RequestTimeTooSkewed",
};

std::string_view HostOf(std::string_view origin) {
  const std::size_t scheme = origin.find("://");
  return scheme == std::string_view::npos ? origin : origin.substr(scheme + 3);
}

// The <Code> of S3's error document; a name like "NoSuchKey", or "" when there is none (a HEAD).
std::string ErrorCode(std::string_view xml) {
  constexpr std::string_view kOpen = "<Code>";
  constexpr std::size_t kLongest = 64;
  const std::size_t open = xml.find(kOpen);
  if (open == std::string_view::npos) return "";
  const std::string_view rest = xml.substr(open + kOpen.size());
  const std::size_t close = rest.find('<');
  if (close == std::string_view::npos || close > kLongest) return "";
  return std::string(rest.substr(0, close));
}

Code KindOf(int status, const std::string& code) {
  if (std::find(std::begin(kCredentialFaults), std::end(kCredentialFaults), code) !=
      std::end(kCredentialFaults)) {
    return Code::kUnauthenticated;
  }
  if (status == 401) return Code::kUnauthenticated;
  if (status == 403) return Code::kDenied;
  if (status == 404) return Code::kNotFound;
  if (status == 429) return Code::kExhausted;
  return status >= 500 && status != 501 ? Code::kUnavailable : Code::kInvalid;
}

// An empty key would address the bucket itself.
Status CheckKey(std::string_view key) {
  if (!key.empty() && key.size() <= kMaxKeyBytes) return Ok();
  return Error{Code::kInvalid, "an R2 key has 1 to 1024 bytes", false};
}

Error AnswerError(const std::string& method, int status, const std::string& code) {
  const Code kind = KindOf(status, code);
  const std::string name = code.empty() ? std::string(ReasonPhrase(status)) : code;
  return Error{kind, "R2 " + method + " answered " + std::to_string(status) + " " + name,
               kind == Code::kUnavailable || kind == Code::kExhausted};
}

std::string WithoutQuotes(std::string_view etag) {
  if (etag.size() >= 2 && etag.front() == '"' && etag.back() == '"') {
    etag = etag.substr(1, etag.size() - 2);
  }
  return std::string(etag);
}

}  // namespace

R2Client::R2Client(Transport& transport, Runtime& runtime, R2Binding binding)
    : transport_(transport), runtime_(runtime), binding_(std::move(binding)) {}

// Success comes back with its body read; any other status but a missing object's 404 as an error.
Result<Response> R2Client::Call(std::string method, std::string_view key, std::string_view bytes,
                                CancelToken& cancel) {
  Request request;
  request.method = std::move(method);
  request.origin = binding_.endpoint;
  request.target = "/" + PercentEncode(binding_.bucket);
  if (!key.empty()) request.target += "/" + PercentEncode(key, "/");
  request.body = Body(std::string(bytes));
  const SigV4Key signer{binding_.access_key_id, binding_.secret_access_key};
  SignRequest(request, HostOf(binding_.endpoint), signer, runtime_.Wall(), Sha256Hex(bytes));

  Deadlines deadlines;
  deadlines.total = runtime_.Now() + kR2Call;
  deadlines.first_byte = deadlines.total;
  MG_TRY(response, transport_.Send(request, deadlines, cancel));
  const bool success = response.status >= 200 && response.status < 300;
  if (request.method != "HEAD") {
    const std::size_t limit = success ? kMaxObjectBytes : kMaxErrorBytes;
    const Status read = response.body.Buffer(limit, deadlines.total);
    if (!read && read.error().code == Code::kExhausted) {
      return Error{Code::kCorrupt, "R2's answer is longer than " + std::to_string(limit) + " bytes",
                   false};
    }
    MG_RETURN_IF_ERROR(read);
  }
  if (success) return std::move(response);
  const std::string code = ErrorCode(response.body.bytes());
  // A HEAD has no document to tell a missing key from a missing bucket.
  const bool missing_object =
      response.status == 404 && !key.empty() && (code.empty() || code == "NoSuchKey");
  if (missing_object) return std::move(response);
  return AnswerError(request.method, response.status, code);
}

Result<ObjectInfo> R2Client::Put(std::string_view key, std::string_view bytes,
                                 CancelToken& cancel) {
  MG_RETURN_IF_ERROR(CheckKey(key));
  MG_TRY(response, Call("PUT", key, bytes, cancel));
  if (response.status == 404) return AnswerError("PUT", response.status, "");
  const std::string etag = WithoutQuotes(response.headers.Get("etag"));
  if (etag.empty()) return Error{Code::kCorrupt, "R2 PUT answered without an ETag", false};
  return ObjectInfo{bytes.size(), etag};
}

Result<std::optional<std::string>> R2Client::Get(std::string_view key, CancelToken& cancel) {
  MG_RETURN_IF_ERROR(CheckKey(key));
  MG_TRY(response, Call("GET", key, "", cancel));
  if (response.status == 404) return std::optional<std::string>();
  return std::optional<std::string>(response.body.bytes());
}

Result<std::optional<ObjectInfo>> R2Client::Head(std::string_view key, CancelToken& cancel) {
  MG_RETURN_IF_ERROR(CheckKey(key));
  MG_TRY(response, Call("HEAD", key, "", cancel));
  if (response.status == 404) return std::optional<ObjectInfo>();
  const auto size = ParseUint(response.headers.Get("content-length"));
  if (!size) return Error{Code::kCorrupt, "R2 HEAD answered without a Content-Length", false};
  return std::optional<ObjectInfo>(ObjectInfo{*size, WithoutQuotes(response.headers.Get("etag"))});
}

Status R2Client::Delete(std::string_view key, CancelToken& cancel) {
  MG_RETURN_IF_ERROR(CheckKey(key));
  MG_TRY(response, Call("DELETE", key, "", cancel));
  (void)response;  // an absent object is 204 as well
  return Ok();
}

Status R2Client::HeadBucket(CancelToken& cancel) {
  MG_TRY(response, Call("HEAD", "", "", cancel));
  (void)response;
  return Ok();
}

}  // namespace mg
