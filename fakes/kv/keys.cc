#include <utility>

#include "core/base/bytes.h"
#include "core/base/json.h"
#include "fakes/kv/calls.h"
#include "fakes/kv/limits.h"

namespace mg::fake::kv {
namespace {

// A cursor says where the next page begins, and whether the empty page of a sparse listing was
// given already.
struct Cursor {
  bool after_empty_page = false;
  std::string after;
};

std::string CursorText(const Cursor& cursor) {
  return Base64UrlEncode((cursor.after_empty_page ? 's' : 'k') + cursor.after);
}

std::optional<Cursor> ReadCursor(const std::string& text) {
  if (text.empty()) return Cursor{};
  auto bytes = Base64UrlDecode(text);
  if (!bytes || bytes->empty() || (bytes->front() != 's' && bytes->front() != 'k')) {
    return std::nullopt;
  }
  return Cursor{bytes->front() == 's', bytes->substr(1)};
}

std::string ListJson(const std::vector<Entry>& entries, const std::string& cursor) {
  Json names = Json::array();
  for (const Entry& entry : entries) {
    Json item = {{"name", entry.key}};
    if (entry.expires_at) item["expiration"] = *entry.expires_at;
    if (entry.metadata_json) {
      if (auto metadata = ParseJson(*entry.metadata_json)) item["metadata"] = std::move(*metadata);
    }
    names.push_back(std::move(item));
  }
  return DumpJson(Json{{"result", std::move(names)},
                       {"success", true},
                       {"errors", Json::array()},
                       {"messages", Json::array()},
                       {"result_info", {{"count", entries.size()}, {"cursor", cursor}}}});
}

struct Listing {
  std::string prefix;
  Cursor cursor;
  std::size_t limit = 0;
};

std::variant<Listing, Response> ReadListing(std::string_view query) {
  std::int64_t limit = kMaxListLimit;
  if (const auto text = QueryValue(query, "limit"); text && !text->empty()) {
    limit = ParseInt(*text).value_or(0);
  }
  if (limit < kMinListLimit) {
    return Refuse(400, kBadListArgumentCode,
                  "limit argument must be at least " + std::to_string(kMinListLimit));
  }
  if (limit > kMaxListLimit) {
    return Refuse(400, kBadListArgumentCode,
                  "limit argument must be at most " + std::to_string(kMaxListLimit));
  }
  auto cursor = ReadCursor(QueryValue(query, "cursor").value_or(""));
  if (!cursor) return Refuse(400, kBadListArgumentCode, "invalid cursor");
  return Listing{QueryValue(query, "prefix").value_or(""), std::move(*cursor),
                 static_cast<std::size_t>(limit)};
}

Response Page(std::string json) {
  return Typed(JsonResponse(200, std::move(json)));
}

}  // namespace

Response Calls::Keys(Call& call) {
  const std::string_view query = call.request.Query();
  call.note.subject = QueryValue(query, "prefix").value_or("").substr(0, kMaxKeyBytes);
  if (auto refusal = CheckNamespace("list keys", call)) return std::move(*refusal);
  auto read = ReadListing(query);
  if (auto* refusal = std::get_if<Response>(&read)) return std::move(*refusal);
  const Listing& listing = std::get<Listing>(read);
  if (auto faulted = call.note.Begin()) return std::move(*faulted);
  if (knobs().sparse_pages && !listing.cursor.after_empty_page) {
    return Page(ListJson({}, CursorText({true, listing.cursor.after})));
  }
  const bool may_be_stale = MayBeStale(call);
  const std::int64_t now_ms = runtime_.Wall().ms;
  const Spot spot{
      LocationOf(call), call.space(),
      listing.prefix + '\n' + listing.cursor.after + '\n' + std::to_string(listing.limit)};
  if (may_be_stale) {
    if (auto held = locations_.HeldPage(spot, now_ms)) return Page(std::move(*held));
  }
  // One more than asked for tells whether there is a next page.
  auto entries = store_.List(call.space(), listing.prefix, listing.cursor.after, listing.limit + 1,
                             now_ms / 1000);
  if (!entries) return StoreFailed();
  std::string next;
  if (entries->size() > listing.limit) {
    entries->pop_back();
    next = CursorText({false, entries->back().key});
  }
  std::string page = ListJson(*entries, next);
  if (may_be_stale) locations_.HoldPage(spot, page, StaleUntilMs());
  return Page(std::move(page));
}

}  // namespace mg::fake::kv
