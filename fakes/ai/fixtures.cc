#include "fakes/ai/fixtures.h"

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

#include "core/base/bytes.h"
#include "core/base/json.h"
#include "core/base/jsonc.h"
#include "fakes/ai/completion.h"
#include "fakes/faults.h"
#include "fakes/plain_json.h"

namespace mg::fake {
namespace {

struct Fixture {
  std::string model, message, contains;  // empty: any
  std::int64_t left = -1;                // how often still; -1: always
  ModelReply reply;
  bool counts_tokens = true;  // `usage` was not given

  bool Matches(const ModelAsked& asked) const {
    const std::string& said = asked.question.last_user_message;
    return left != 0 && (model.empty() || MatchesPattern(model, asked.model)) &&
           (message.empty() || message == said) &&
           (contains.empty() || said.find(contains) != std::string::npos);
  }
};

class Fixtures final : public ReplySource {
 public:
  explicit Fixtures(std::vector<Fixture> fixtures) : fixtures_(std::move(fixtures)) {}

  std::optional<ModelReply> Answer(const ModelAsked& asked) override {
    Lock lock(mutex_);
    for (Fixture& fixture : fixtures_) {
      if (!fixture.Matches(asked)) continue;
      if (fixture.left > 0) --fixture.left;
      ModelReply reply = fixture.reply;
      if (fixture.counts_tokens) reply.answer.tokens_in = asked.question.prompt_tokens;
      return reply;
    }
    return std::nullopt;
  }

 private:
  Mutex mutex_;
  std::vector<Fixture> fixtures_;
};

Error Wrong(std::string what) {
  return {Code::kInvalid, std::move(what), false};
}

Status ReadText(const Json& object, const char* key, std::string& text) {
  const Json* found = Find(object, key);
  if (found == nullptr) return Ok();
  if (!found->is_string()) return Wrong(std::string("\"") + key + "\" must be a text");
  text = found->get<std::string>();
  return Ok();
}

// Refuses members that are not known: a mistyped one would match everything.
Status CheckMembers(const Json& object, std::initializer_list<const char*> known) {
  std::vector<std::string> words(known.begin(), known.end());
  for (const auto& [key, value] : object.items()) {
    if (std::find(words.begin(), words.end(), key) != words.end()) continue;
    const std::string nearest = NearestWord(key, words);
    return Wrong("\"" + key.substr(0, 64) + "\" is not known" +
                 (nearest.empty() ? "" : "; did you mean \"" + nearest + "\"?"));
  }
  return Ok();
}

Status ReadMatch(const Json& match, Fixture& fixture) {
  if (!match.is_object()) return Wrong("\"match\" must be an object");
  MG_RETURN_IF_ERROR(CheckMembers(match, {"model", "message", "contains"}));
  MG_RETURN_IF_ERROR(ReadText(match, "model", fixture.model));
  MG_RETURN_IF_ERROR(ReadText(match, "message", fixture.message));
  return ReadText(match, "contains", fixture.contains);
}

Status ReadToolCalls(const Json& list, ModelAnswer& answer) {
  if (!list.is_array()) return Wrong("\"tool_calls\" must be an array");
  for (const Json& item : list) {
    const Json* arguments = Find(item, "arguments");
    ToolCall call;
    call.name = StringAt(item, "name");
    call.arguments_json = arguments == nullptr ? "{}" : DumpJson(*arguments);
    if (call.name.empty() || (arguments != nullptr && !arguments->is_object()))
      return Wrong("a tool call needs \"name\", and \"arguments\" that are an object");
    answer.tool_calls.push_back(std::move(call));
  }
  return Ok();
}

Status ReadReply(const Json& reply, Fixture& fixture) {
  ModelAnswer& answer = fixture.reply.answer;
  if (reply.is_string()) {
    answer.text = reply.get<std::string>();
  } else if (!reply.is_object()) {
    return Wrong("\"reply\" must be a text or an object");
  } else {
    MG_RETURN_IF_ERROR(CheckMembers(reply, {"text", "tool_calls", "finish_reason", "usage"}));
    MG_RETURN_IF_ERROR(ReadText(reply, "text", answer.text));
    if (const Json* calls = Find(reply, "tool_calls"))
      MG_RETURN_IF_ERROR(ReadToolCalls(*calls, answer));
    answer.hit_token_limit = StringAt(reply, "finish_reason") == "length";
  }
  answer.tokens_out = CountTokens(answer.text);
  for (const ToolCall& call : answer.tool_calls)
    answer.tokens_out += CountTokens(call.name) + CountTokens(call.arguments_json);
  if (const Json* usage = Find(reply, "usage")) {
    fixture.counts_tokens = false;
    answer.tokens_in = IntAt(*usage, "prompt_tokens", 0);
    answer.tokens_out = IntAt(*usage, "completion_tokens", answer.tokens_out);
  }
  return Ok();
}

Status ReadError(const Json& error, Fixture& fixture) {
  MG_RETURN_IF_ERROR(CheckMembers(error, {"status", "code", "message"}));
  const std::int64_t status = IntAt(error, "status", 0);
  if (status < 400 || status > 599) return Wrong("\"status\" must be 400 to 599");
  fixture.reply.error = ProviderError(static_cast<int>(status), IntAt(error, "code", 0));
  return ReadText(error, "message", fixture.reply.error->message);
}

Status ReadRaw(const Json& raw, Fixture& fixture) {
  MG_RETURN_IF_ERROR(CheckMembers(raw, {"status", "content_type", "body"}));
  const std::int64_t status = IntAt(raw, "status", 200);
  if (status < 200 || status > 599) return Wrong("\"status\" must be 200 to 599");
  ModelReply::Raw read;
  read.status = static_cast<int>(status);
  read.content_type = "text/event-stream";
  MG_RETURN_IF_ERROR(ReadText(raw, "content_type", read.content_type));
  MG_RETURN_IF_ERROR(ReadText(raw, "body", read.body));
  fixture.reply.raw = std::move(read);
  return Ok();
}

Result<Fixture> ReadFixture(const Json& json) {
  if (!json.is_object()) return Wrong("must be an object");
  MG_RETURN_IF_ERROR(CheckMembers(json, {"match", "times", "reply", "error", "raw"}));
  Fixture fixture;
  if (const Json* match = Find(json, "match")) MG_RETURN_IF_ERROR(ReadMatch(*match, fixture));
  if (const Json* times = Find(json, "times")) {
    fixture.left = IntAt(json, "times", 0);
    if (fixture.left < 1 || !times->is_number_integer())
      return Wrong("\"times\" must be 1 or more");
  }
  const Json* reply = Find(json, "reply");
  const Json* error = Find(json, "error");
  const Json* raw = Find(json, "raw");
  if ((reply != nullptr) + (error != nullptr) + (raw != nullptr) != 1)
    return Wrong("needs one of \"reply\", \"error\" and \"raw\"");
  if (reply != nullptr) MG_RETURN_IF_ERROR(ReadReply(*reply, fixture));
  if (error != nullptr) MG_RETURN_IF_ERROR(ReadError(*error, fixture));
  if (raw != nullptr) MG_RETURN_IF_ERROR(ReadRaw(*raw, fixture));
  return fixture;
}

// {"file": "x.sse"} becomes {"body": "..."}.
Status LoadRawFiles(Json& json, const std::string& folder, Disk& disk) {
  for (Json& fixture : json) {
    if (!fixture.is_object() || !fixture.contains("raw") || !fixture["raw"].is_object()) continue;
    Json& raw = fixture["raw"];
    const std::string file = StringAt(raw, "file");
    if (file.empty()) continue;
    MG_TRY(bytes, disk.Read(folder + file));
    raw.erase("file");
    raw["body"] = std::move(bytes);
  }
  return Ok();
}

}  // namespace

Result<std::shared_ptr<ReplySource>> FixturesFromJson(const Json& json) {
  if (!json.is_array()) return Wrong("the replies are an array");
  std::vector<Fixture> fixtures;
  for (std::size_t i = 0; i < json.size(); ++i) {
    auto fixture = ReadFixture(json[i]);
    if (!fixture) return Wrong("reply " + std::to_string(i) + ": " + fixture.error().message);
    fixtures.push_back(std::move(*fixture));
  }
  return std::shared_ptr<ReplySource>(std::make_shared<Fixtures>(std::move(fixtures)));
}

Result<std::shared_ptr<ReplySource>> ReadFixtures(const std::string& path, Disk& disk) {
  MG_TRY(text, disk.Read(path));
  MG_TRY(json, JsonFromJsonc(text, path));
  if (json.is_array())
    MG_RETURN_IF_ERROR(LoadRawFiles(json, path.substr(0, path.rfind('/') + 1), disk));
  auto fixtures = FixturesFromJson(json);
  if (!fixtures) return Wrong(path + ": " + fixtures.error().message);
  return fixtures;
}

}  // namespace mg::fake
