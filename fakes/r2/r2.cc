#include "fakes/r2/r2.h"

#include <optional>
#include <string_view>
#include <utility>

#include "fakes/r2/calls.h"
#include "fakes/r2/cors.h"
#include "fakes/r2/rest.h"
#include "fakes/r2/xml.h"

namespace mg::fake {
namespace {

// As {bucket}.{account}.r2.cloudflarestorage.com (wire/storage.md 4.1): "" for any other host.
std::string BucketOfHost(std::string_view host) {
  constexpr std::string_view kLocal = ".localhost";
  host = host.substr(0, host.find(':'));
  if (host.size() <= kLocal.size() || host.substr(host.size() - kLocal.size()) != kLocal) return "";
  const std::string_view label = host.substr(0, host.size() - kLocal.size());
  return IsBucketName(label) ? std::string(label) : "";
}

// The bucket stands in the host's name or at the path's start.
std::optional<S3Address> AddressOf(const Request& request) {
  const std::string bucket = BucketOfHost(request.headers.Get("host"));
  if (bucket.empty()) return ParseAddress(request.Path());
  std::string path = "/" + bucket;
  return ParseAddress(path.append(request.Path()));
}

}  // namespace

class R2::Impl {
 public:
  Impl(const Credentials& credentials, const std::string& folder, Runtime& runtime)
      : store_(folder), core_{credentials, runtime, store_} {
    EnsureBucket(core_, credentials.r2_bucket);
  }

  Response Handle(Request& request, CallNote& note);
  Response Manage(Request& request, CallNote& note) { return RestCall(core_, request, note); }
  void Reset() {
    (void)store_.Clear();
    EnsureBucket(core_, core_.credentials.r2_bucket);
  }

 private:
  Response Route(Request& request, const std::optional<S3Address>& address, CallNote& note);
  CorsRules RulesOf(const std::string& bucket);

  R2Store store_;
  R2Core core_;
};

Response R2::Impl::Handle(Request& request, CallNote& note) {
  const std::string method = request.method;
  const bool of_browser = request.headers.Has("origin");
  const auto address = AddressOf(request);
  if (method == "OPTIONS" && of_browser && address) {
    note.operation = "r2.preflight";
    return Preflight(RulesOf(address->bucket), request);
  }
  Response response = Route(request, address, note);
  if (note.operation.empty()) note.operation = "r2.unknown";
  if (of_browser && address) AddCorsHeaders(RulesOf(address->bucket), request, response);
  if (method == "HEAD") response.body = Body();  // a refused HEAD is its status alone
  return response;
}

CorsRules R2::Impl::RulesOf(const std::string& bucket) {
  const auto stored = store_.Document(bucket, "cors");
  if (!stored || !*stored) return {};
  return CorsFromJson(**stored).value_or(CorsRules());
}

// Authentication comes first: a stranger does not learn which buckets and objects there are.
Response R2::Impl::Route(Request& request, const std::optional<S3Address>& address,
                         CallNote& note) {
  Signed signature;
  if (auto refused = CheckSignature(request, core_.credentials, core_.runtime.Wall(), signature)) {
    note.operation = "r2.refused";
    return std::move(*refused);
  }
  if (!address) {
    return S3Error(400, "InvalidObjectName", "The specified object name is not valid.");
  }
  note.subject = address->key;
  S3Call call{request, note, S3Query(request.Query()), *address, std::move(signature)};
  if (address->bucket.empty())
    return request.method == "GET" ? ListBuckets(core_, call) : S3NoRoute();
  return address->key.empty() ? BucketCall(core_, call) : ObjectCall(core_, call);
}

R2::R2(const Credentials& credentials, const std::string& folder, Runtime& runtime)
    : impl_(std::make_unique<Impl>(credentials, folder, runtime)) {}
R2::~R2() = default;

Response R2::Handle(Request& request, CallNote& note, CancelToken&) {
  return impl_->Handle(request, note);
}

Response R2::Manage(Request& request, CallNote& note) {
  return impl_->Manage(request, note);
}

void R2::Reset() {
  impl_->Reset();
}

}  // namespace mg::fake
