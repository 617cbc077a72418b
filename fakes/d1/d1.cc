#include "fakes/d1/d1.h"

#include <utility>
#include <vector>

#include "fakes/d1/calls.h"
#include "fakes/v4.h"

namespace mg::fake {
namespace {

// client / v4 / accounts / {a} / d1 / database
constexpr std::size_t kRootSegments = 6;
constexpr std::size_t kMaxSubjectBytes = 64;

using d1::Calls;
using Action = Response (Calls::*)(d1::Call& call);

constexpr const char* kSqlGap =
    "jsonb, timediff and json_error_position; rows read and written are approximate";

constexpr Route<Action> kRoutes[] = {
    {{"GET", "", "d1.list", ""}, &Calls::List},
    {{"POST", "", "d1.create", ""}, &Calls::Create},
    {{"GET", "{}", "d1.get", ""}, &Calls::Get},
    {{"PUT", "{}", "d1.update", ""}, &Calls::Update},
    {{"PATCH", "{}", "d1.update", ""}, &Calls::Update},
    {{"DELETE", "{}", "d1.delete", ""}, &Calls::Delete},
    {{"POST", "{}/query", "d1.query", kSqlGap}, &Calls::Query},
    {{"POST", "{}/raw", "d1.raw", kSqlGap}, &Calls::Raw},
    {{"POST", "{}/import", "d1.import", "files up to 256 MiB"}, &Calls::Import},
    {{"POST", "{}/export", "d1.export", "up to 256 MiB"}, &Calls::Export},
    {{"GET", "{}/time_travel/bookmark", "d1.bookmark", "64 moments, minutes apart"},
     &Calls::Bookmark},
    {{"POST", "{}/time_travel/restore", "d1.restore", "64 moments, minutes apart"},
     &Calls::Restore},
};

}  // namespace

class D1::Impl {
 public:
  Impl(const Credentials& credentials, const std::string& folder, Runtime& runtime)
      : calls(credentials, folder, runtime) {}

  Response Handle(Request& request, CallNote& note, CancelToken& caller_gone);

  Calls calls;
};

Response D1::Impl::Handle(Request& request, CallNote& note, CancelToken& caller_gone) {
  const std::string path(request.Path());
  auto segments = PathSegments(path);
  if (!segments || segments->size() < kRootSegments) return V4NoRoute(path);
  segments->erase(segments->begin(), segments->begin() + kRootSegments);
  std::vector<std::string> arguments;
  bool path_known = false;
  const auto* route = FindRoute(kRoutes, request.method, *segments, arguments, path_known);
  if (route == nullptr) return path_known ? V4MethodNotAllowed() : V4NoRoute(path);
  note.operation = route->operation.name;
  if (!arguments.empty()) note.subject = arguments[0].substr(0, kMaxSubjectBytes);
  d1::Call call{request, note, caller_gone, std::move(arguments)};
  return (calls.*route->action)(call);
}

D1::D1(const Credentials& credentials, const std::string& folder, Runtime& runtime)
    : impl_(std::make_unique<Impl>(credentials, folder, runtime)) {}

D1::~D1() = default;

Response D1::Handle(Request& request, CallNote& note, CancelToken& caller_gone) {
  return impl_->Handle(request, note, caller_gone);
}

Response D1::HandleFile(Request& request, CallNote& note) {
  const std::string name(request.Path().substr(d1::kFilesPrefix.size()));
  const bool upload = request.method == "PUT";
  if (!upload && request.method != "GET") return TextResponse(405, "GET or PUT\n");
  note.operation = upload ? "d1.upload" : "d1.download";
  if (auto faulted = note.Begin()) return std::move(*faulted);
  return upload ? impl_->calls.Upload(request, name) : impl_->calls.Download(name);
}

void D1::Reset() {
  impl_->calls.Reset();
}

void D1::SetKnobs(const D1Knobs& knobs) {
  impl_->calls.SetKnobs(knobs);
}

std::string_view D1FilesPrefix() {
  return d1::kFilesPrefix;
}

FakeOperations D1Operations() {
  return OperationsOf("D1", "/client/v4/accounts/{}/d1/database", kRoutes);
}

}  // namespace mg::fake
