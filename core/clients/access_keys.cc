#include "core/clients/access_keys.h"

#include <chrono>
#include <utility>

#include "core/http/message.h"

namespace mg {
namespace {

constexpr std::chrono::seconds kCertsCall{10};
constexpr std::size_t kMaxDocumentBytes = 1024 * 1024;

}  // namespace

AccessKeysClient::AccessKeysClient(Transport& transport, Runtime& runtime, std::string certs_url)
    : transport_(transport), runtime_(runtime), certs_url_(std::move(certs_url)) {}

Result<std::string> AccessKeysClient::Fetch(CancelToken& cancel) {
  const std::size_t scheme = certs_url_.find("://");
  if (scheme == std::string::npos) {
    return Error{Code::kInvalid, "the certs URL has no scheme: " + certs_url_, false};
  }
  const std::size_t path = certs_url_.find('/', scheme + 3);
  Request request;
  request.origin = certs_url_.substr(0, path);
  request.target = path == std::string::npos ? "/" : certs_url_.substr(path);
  request.headers.Add("accept", "application/json");

  Deadlines deadlines;
  deadlines.total = runtime_.Now() + kCertsCall;
  deadlines.first_byte = deadlines.total;
  MG_TRY(response, transport_.Send(request, deadlines, cancel));
  // A redirect is refused like any other status: keys come from this URL or not at all.
  if (response.status != 200) {
    return Error{Code::kUnavailable,
                 "the team's certs answered status " + std::to_string(response.status), true};
  }
  const Status read = response.body.Buffer(kMaxDocumentBytes, deadlines.total);
  if (!read && read.error().code == Code::kExhausted) {
    return Error{Code::kCorrupt, "the team's certs are longer than 1 MiB", false};
  }
  MG_RETURN_IF_ERROR(read);
  return response.body.bytes();
}

}  // namespace mg
