#include <utility>

#include "core/base/bytes.h"
#include "core/base/digest.h"
#include "core/base/json.h"
#include "fakes/d1/answers.h"
#include "fakes/d1/calls.h"
#include "fakes/d1/limits.h"
#include "fakes/v4.h"

namespace mg::fake::d1 {
namespace {

constexpr std::size_t kNameDigits = 32;

Json Progress(std::string_view type, std::string_view status, const std::string& bookmark) {
  return {{"success", true},           {"type", type},
          {"status", status},          {"at_bookmark", bookmark},
          {"messages", Json::array()}, {"errors", Json::array()}};
}

// A job's refusal: the outer envelope is a success all the same.
Response JobFailed(std::string_view what) {
  return V4Result(DumpJson(Json{{"success", false}, {"error", what}}));
}

Json Totals(const std::vector<Outcome>& outcomes) {
  Outcome sum;
  for (const Outcome& one : outcomes) {
    sum.duration_ms += one.duration_ms;
    sum.changes += one.changes;
    sum.last_row_id = one.last_row_id;
    sum.changed_db = sum.changed_db || one.changed_db;
    sum.size_after_bytes = one.size_after_bytes;
    sum.rows_read += one.rows_read;
    sum.rows_written += one.rows_written;
  }
  return {{"served_by", kServedBy},       {"duration", sum.duration_ms},
          {"changes", sum.changes},       {"last_row_id", sum.last_row_id},
          {"changed_db", sum.changed_db}, {"size_after", sum.size_after_bytes},
          {"rows_read", sum.rows_read},   {"rows_written", sum.rows_written}};
}

DumpOptions ReadDumpOptions(const Json& body) {
  DumpOptions options;
  const Json* json = Find(body, "dump_options");
  if (json == nullptr) return options;
  const auto flag = [json](std::string_view name) {
    const Json* value = Find(*json, name);
    return value != nullptr && *value == true;
  };
  options.schema = !flag("no_schema");
  options.data = !flag("no_data");
  const Json* tables = Find(*json, "tables");
  if (tables == nullptr || !tables->is_array()) return options;
  for (const Json& table : *tables) {
    if (table.is_string()) options.tables.push_back(table.get<std::string>());
  }
  return options;
}

}  // namespace

std::string Calls::FileName(std::string_view kind, const std::string& database,
                            const std::string& of) const {
  const std::string what = std::string(kind) + "/" + database + "/" + of;
  return HexEncode(HmacSha256(credentials_.api_token, what)).substr(0, kNameDigits) + ".sql";
}

std::string Calls::UrlOf(const Request& request, const std::string& name) const {
  return "http://" + std::string(request.headers.Get("host")) + std::string(kFilesPrefix) + name;
}

Response Calls::Import(Call& call) {
  auto found = Found(call);
  if (auto* refusal = std::get_if<Response>(&found)) return std::move(*refusal);
  SqlDatabase& database = *std::get<0>(found);
  auto read = ReadJson(call.request);
  if (auto* refusal = std::get_if<Response>(&read)) return std::move(*refusal);
  const Json& json = std::get<Json>(read);
  const std::string action = StringAt(json, "action");
  call.note.subject = action;
  if (auto faulted = call.note.Begin()) return std::move(*faulted);
  const std::string id = AsciiLower(call.id());
  if (action == "init") return InitImport(call, database, StringAt(json, "etag"));
  if (action == "ingest") {
    const auto file = transfers_.Find(StringAt(json, "filename"), runtime_.Wall().ms);
    const bool whole = file && file->database == id && file->bytes != nullptr;
    if (!whole || file->etag != StringAt(json, "etag")) return JobFailed(kNoSuchUpload);
    return Ingest(call, database, *file);
  }
  if (action != "poll") return InvalidProperty("Invalid property: action => Invalid input");
  Lock lock(mutex_);
  const auto job = imports_.find(id);
  if (job == imports_.end() || job->second.bookmark != StringAt(json, "current_bookmark")) {
    return JobFailed(kNotImporting);
  }
  return V4Result(job->second.answer);
}

Response Calls::InitImport(const Call& call, SqlDatabase& database, const std::string& etag) {
  if (etag.empty()) return InvalidProperty("Invalid property: etag => Required");
  Transfers::File file;
  file.database = AsciiLower(call.id());
  file.name = FileName("import", file.database, etag);
  file.etag = etag;
  file.until_ms = runtime_.Wall().ms + kTransferMs;
  const auto there = transfers_.Find(file.name, runtime_.Wall().ms);
  if (there && there->bytes != nullptr) return Ingest(call, database, *there);
  transfers_.Put(file);
  return V4Result(
      DumpJson(Json{{"filename", file.name}, {"upload_url", UrlOf(call.request, file.name)}}));
}

// The import happens at once, and its client is told so when it asks.
Response Calls::Ingest(const Call& call, SqlDatabase& database, const Transfers::File& file) {
  if (auto refusal = TakeTurn(call, database)) return std::move(*refusal);
  const std::string bookmark = database.Bookmark();
  const Ran ran = database.Run({d1::Query{*file.bytes, {}}}, /*import=*/true);
  Json answer = Progress("import", "complete", bookmark);
  Json progress = Progress("import", "active", bookmark);
  if (const auto* failure = std::get_if<Failure>(&ran)) {
    answer["status"] = "error";
    answer["error"] = failure->message;
    answer["errors"] = Json::array({failure->message});
  } else {
    const auto& outcomes = std::get<0>(ran);
    answer["result"] = {{"final_bookmark", database.Bookmark()},
                        {"num_queries", outcomes.size()},
                        {"meta", Totals(outcomes)}};
    progress["messages"] =
        Json::array({"Processed " + std::to_string(outcomes.size()) + " queries."});
  }
  Lock lock(mutex_);
  if (imports_.size() >= kMaxTransfers) imports_.clear();
  imports_.insert_or_assign(file.database, Job{bookmark, DumpJson(answer)});
  return V4Result(DumpJson(progress));
}

Response Calls::Export(Call& call) {
  auto found = Found(call);
  if (auto* refusal = std::get_if<Response>(&found)) return std::move(*refusal);
  SqlDatabase& database = *std::get<0>(found);
  auto read = ReadJson(call.request);
  if (auto* refusal = std::get_if<Response>(&read)) return std::move(*refusal);
  const Json& json = std::get<Json>(read);
  if (StringAt(json, "output_format") != "polling") {
    return InvalidProperty(
        "Invalid property: output_format => Invalid literal value, expected "
        "\"polling\"");
  }
  if (auto faulted = call.note.Begin()) return std::move(*faulted);
  const std::string id = AsciiLower(call.id());
  const std::int64_t now_ms = runtime_.Wall().ms;
  const std::string bookmark = StringAt(json, "current_bookmark");
  if (!bookmark.empty()) {
    const auto file = transfers_.Of(id, bookmark, now_ms);
    if (!file) return JobFailed(kNotExporting);
    Json answer = Progress("export", "complete", bookmark);
    const auto info = databases_.catalogue().Find(id);
    answer["result"] = {{"filename", (info ? info->name : id) + ".sql"},
                        {"signed_url", UrlOf(call.request, file->name)}};
    return V4Result(DumpJson(answer));
  }
  if (auto refusal = TakeTurn(call, database)) return std::move(*refusal);
  auto dump = database.Dump(ReadDumpOptions(json));
  if (!dump) return JobFailed(dump.error().message);
  Transfers::File file;
  file.database = id;
  file.bookmark = database.Bookmark();
  file.name = FileName("export", id, file.bookmark + *dump);
  file.bytes = std::make_shared<const std::string>(std::move(*dump));
  file.until_ms = now_ms + kTransferMs;
  transfers_.Put(file);
  Json answer = Progress("export", "active", file.bookmark);
  answer["messages"] = Json::array({"Generating " + file.name, "Uploaded part 1"});
  return V4Result(DumpJson(answer));
}

Response Calls::Upload(Request& request, const std::string& name) {
  auto file = transfers_.Find(name, runtime_.Wall().ms);
  if (!file || file->etag.empty()) return TextResponse(404, "no such upload\n");
  auto body = ReadBody(request, kMaxImportBytes);
  if (auto* refusal = std::get_if<Response>(&body)) return std::move(*refusal);
  auto& bytes = std::get<std::string>(body);
  const std::string etag = HexEncode(Md5(bytes));
  // What is not the file that was announced is answered honestly, and cannot be ingested.
  if (etag == file->etag) {
    file->bytes = std::make_shared<const std::string>(std::move(bytes));
    transfers_.Put(std::move(*file));
  }
  Response response = TextResponse(200, "");
  response.headers.Set("etag", "\"" + etag + "\"");
  return response;
}

Response Calls::Download(const std::string& name) {
  const auto file = transfers_.Find(name, runtime_.Wall().ms);
  if (!file || file->bytes == nullptr || !file->etag.empty()) {
    return TextResponse(404, "no such export\n");
  }
  return TextResponse(200, *file->bytes, "application/sql");
}

}  // namespace mg::fake::d1
