#include "core/base/bytes.h"
#include "core/base/digest.h"
#include "core/base/json.h"
#include "fakes/kv/calls.h"
#include "fakes/kv/limits.h"
#include "fakes/v4.h"

namespace mg::fake::kv {
namespace {

constexpr std::size_t kNamespaceIdDigits = 32;

Json NamespaceJson(const Namespace& space) {
  return {{"id", space.id}, {"title", space.title}, {"supports_url_encoding", true}};
}

Response Answer(const Namespace& space) {
  return V4Result(DumpJson(NamespaceJson(space)), kContentType);
}

std::optional<Response> Refused(Store::Change change) {
  switch (change) {
    case Store::Change::kDone:
      return std::nullopt;
    case Store::Change::kTitleTaken:
      return Refuse(400, kTitleTakenCode, kTitleTaken);
    case Store::Change::kFull:
      return Refuse(400, kTooManyNamespacesCode, kTooManyNamespaces);
    case Store::Change::kNotFound:
      return Refuse(404, kNamespaceNotFoundCode, "namespace not found");
    case Store::Change::kFailed:
      break;
  }
  return StoreFailed();
}

// The title in {"title": ...}; a Response is a refusal.
std::variant<std::string, Response> ReadTitle(std::string_view body) {
  const auto json = ParseJson(body);
  if (!json || !json->is_object()) {
    return Refuse(400, kBadBodyCode, "could not parse the body as JSON");
  }
  std::string title = StringAt(*json, "title");
  if (title.empty()) return Refuse(400, kBadTitleCode, kEmptyTitle);
  if (title.size() > kMaxTitleBytes) return Refuse(400, kBadTitleCode, kLongTitle);
  if (Find(*json, "jurisdiction") != nullptr) {
    return Typed(V4Gap("kv.namespace_create", "this emulator knows no jurisdictions"));
  }
  return title;
}

}  // namespace

Response Calls::ListNamespaces(Call& call) {
  if (auto faulted = call.note.Begin()) return std::move(*faulted);
  const std::string_view query = call.request.Query();
  const bool by_title = QueryValue(query, "order").value_or("id") == "title";
  const bool descending = QueryValue(query, "direction").value_or("asc") == "desc";
  const auto all = store_.Namespaces(by_title, descending);
  if (!all) return StoreFailed();
  Json items = Json::array();
  for (const Namespace& space : *all) items.push_back(NamespaceJson(space));
  return Typed(V4Paged(ReadPage(query, kNamespacesPerPage, kMaxNamespacesPerPage), items));
}

Response Calls::CreateNamespace(Call& call) {
  Response refusal;
  const auto body = ReadBody(call, kMaxRequestBytes, refusal);
  if (!body) return refusal;
  auto title = ReadTitle(*body);
  if (auto* refused = std::get_if<Response>(&title)) return std::move(*refused);
  Namespace made;
  made.title = std::get<std::string>(title);
  call.note.subject = made.title;
  if (auto faulted = call.note.Begin()) return std::move(*faulted);
  const std::string seed = "kv/" + credentials_.account_id + "/" +
                           std::to_string(store_.NextNumber()) + "/" +
                           std::to_string(runtime_.Wall().ms);
  made.id = Sha256Hex(seed).substr(0, kNamespaceIdDigits);
  if (auto refused = Refused(store_.AddNamespace(made))) return std::move(*refused);
  return Answer(made);
}

Response Calls::GetNamespace(Call& call) {
  call.note.subject = call.space().substr(0, kMaxKeyBytes);
  if (auto refusal = CheckNamespace("get namespace", call)) return std::move(*refusal);
  if (auto faulted = call.note.Begin()) return std::move(*faulted);
  const auto found = store_.FindNamespace(call.space());
  return found ? Answer(*found) : StoreFailed();
}

Response Calls::RenameNamespace(Call& call) {
  call.note.subject = call.space().substr(0, kMaxKeyBytes);
  if (auto refusal = CheckNamespace("update namespace", call)) return std::move(*refusal);
  Response refusal;
  const auto body = ReadBody(call, kMaxRequestBytes, refusal);
  if (!body) return refusal;
  auto title = ReadTitle(*body);
  if (auto* refused = std::get_if<Response>(&title)) return std::move(*refused);
  if (auto faulted = call.note.Begin()) return std::move(*faulted);
  const Namespace renamed{call.space(), std::get<std::string>(title)};
  if (auto refused = Refused(store_.RenameNamespace(renamed.id, renamed.title))) {
    return std::move(*refused);
  }
  return Answer(renamed);
}

Response Calls::DeleteNamespace(Call& call) {
  call.note.subject = call.space().substr(0, kMaxKeyBytes);
  if (auto refusal = CheckNamespace("", call)) return std::move(*refusal);
  if (auto faulted = call.note.Begin()) return std::move(*faulted);
  if (auto refused = Refused(store_.RemoveNamespace(call.space()))) return std::move(*refused);
  locations_.Clear();
  return V4Result("null", kContentType);
}

}  // namespace mg::fake::kv
