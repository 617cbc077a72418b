#include "fakes/kv/calls.h"

#include <chrono>
#include <stdexcept>
#include <utility>

#include "core/base/bytes.h"
#include "fakes/kv/limits.h"
#include "fakes/v4.h"

namespace mg::fake::kv {
namespace {

constexpr std::size_t kNamespaceIdDigits = 32;
// Ours: which location a call comes from. Without it all calls come from one.
constexpr const char* kLocationHeader = "x-moltgate-location";
constexpr std::size_t kMaxLocationBytes = 16;

bool IsNamespaceId(std::string_view text) {
  return text.size() == kNamespaceIdDigits && HexDecode(text).has_value();
}

}  // namespace

std::string LocationOf(const Call& call) {
  return std::string(call.request.headers.Get(kLocationHeader).substr(0, kMaxLocationBytes));
}

Calls::Calls(const Credentials& credentials, const std::string& path, Runtime& runtime)
    : credentials_(credentials), runtime_(runtime), store_(path) {
  if (!AddConfigured()) throw std::runtime_error("cannot make the KV namespace");
}

bool Calls::AddConfigured() {
  if (store_.FindNamespace(credentials_.kv_namespace_id)) return true;
  return store_.AddNamespace({credentials_.kv_namespace_id, kDefaultTitle}) == Store::Change::kDone;
}

void Calls::Reset() {
  store_.Clear();
  locations_.Clear();
  AddConfigured();
}

KvKnobs Calls::knobs() const {
  Lock lock(mutex_);
  return knobs_;
}

void Calls::SetKnobs(const KvKnobs& knobs) {
  {
    Lock lock(mutex_);
    knobs_ = knobs;
  }
  if (knobs.consistency == KvKnobs::Consistency::kStrong) locations_.Clear();
}

std::optional<Response> Calls::CheckNamespace(std::string_view operation, Call& call) {
  std::string& id = call.arguments[0];
  if (!IsNamespaceId(id)) {
    return Refuse(400, kBadNamespaceCode,
                  "could not parse UUID from namespace: 'invalid namespace format: " + id + "'");
  }
  id = AsciiLower(id);
  if (store_.FindNamespace(id)) return std::nullopt;
  const std::string text = operation.empty() ? "namespace not found"
                                             : std::string(operation) + ": 'namespace not found'";
  return Refuse(404, kNamespaceNotFoundCode, text);
}

std::optional<Response> Calls::CheckCall(std::string_view operation, Call& call) {
  call.note.subject = call.key().substr(0, kMaxKeyBytes);
  if (auto refusal = CheckNamespace(operation, call)) return refusal;
  return CheckKey(call.key());
}

std::optional<std::string> Calls::ReadBody(Call& call, std::size_t limit, Response& refusal) {
  Body& body = call.request.body;
  const std::uint64_t announced = body.length().value_or(limit + 1);
  const Status read = body.Buffer(limit, runtime_.Now() + std::chrono::milliseconds(kBodyReadMs));
  if (read) return body.bytes();
  refusal = read.error().code == Code::kExhausted
                ? TooLarge("Request", announced, limit)
                : Refuse(400, kBadBodyCode, "the request body did not arrive whole");
  return std::nullopt;
}

bool Calls::MayBeStale(const Call& call) const {
  return knobs().consistency == KvKnobs::Consistency::kEventual && !call.note.probe;
}

std::int64_t Calls::StaleUntilMs() const {
  const auto stale = std::chrono::duration_cast<std::chrono::milliseconds>(knobs().stale);
  return runtime_.Wall().ms + stale.count();
}

std::optional<std::optional<Entry>> Calls::Read(const Call& call, const std::string& key) {
  const std::int64_t now_ms = runtime_.Wall().ms;
  if (!MayBeStale(call)) return store_.Get(call.space(), key, now_ms / 1000);
  const Spot spot{LocationOf(call), call.space(), key};
  if (auto held = locations_.Held(spot, now_ms)) return held;
  auto found = store_.Get(call.space(), key, now_ms / 1000);
  if (found) locations_.Hold(spot, *found, StaleUntilMs());
  return found;
}

std::optional<Response> Calls::TakeWrite(const Call& call) {
  if (!MayBeStale(call)) return std::nullopt;
  if (locations_.TakeWrite(call.space(), call.key(), runtime_.Wall().ms)) return std::nullopt;
  Response response = Refuse(429, kThrottledCode, kThrottled);
  response.headers.Set("retry-after", "1");
  return response;
}

void Calls::Wrote(const Call& call, const std::string& key, std::optional<Entry> entry) {
  if (!MayBeStale(call)) return;
  const std::string location = LocationOf(call);
  locations_.ForgetPages(location, call.space());
  locations_.Hold({location, call.space(), key}, std::move(entry), StaleUntilMs());
}

std::set<std::string> Calls::Unsuccessful(const Call& call, const std::vector<std::string>& keys) {
  std::set<std::string> missed;
  if (call.note.probe) return missed;
  const auto failures = static_cast<std::size_t>(knobs().bulk_failures);
  const bool paced = MayBeStale(call);
  for (std::size_t i = 0; i < keys.size(); ++i) {
    const bool fails =
        i < failures || (paced && !locations_.TakeWrite(call.space(), keys[i], runtime_.Wall().ms));
    if (fails) missed.insert(keys[i]);
  }
  return missed;
}

}  // namespace mg::fake::kv
