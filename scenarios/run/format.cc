// The format of scenario files, key by key.
#include <algorithm>
#include <map>

#include "core/base/bytes.h"
#include "fakes/access/certs_damage.h"
#include "fakes/access/knobs.h"
#include "fakes/access/mint.h"
#include "fakes/ai/knobs_json.h"
#include "fakes/cloud_knobs.h"
#include "fakes/edge/settings_json.h"
#include "scenarios/run/shapes.h"

namespace mg::scenario {
namespace {

Shape Of(Form form) {
  Shape shape;
  shape.form = form;
  return shape;
}
Shape Any() {
  return Of(Form::kAny);
}
Shape Expected() {
  return Of(Form::kExpected);
}
Shape Text() {
  return Of(Form::kText);
}
Shape Lines() {
  return Of(Form::kLines);
}
Shape Duration() {
  return Of(Form::kDuration);
}
Shape Bool() {
  return Of(Form::kBool);
}

Shape Whole(double least, double most) {
  Shape shape = Of(Form::kWhole);
  shape.least = least;
  shape.most = most;
  return shape;
}
Shape Number(double least, double most) {
  Shape shape = Whole(least, most);
  shape.form = Form::kNumber;
  return shape;
}
Shape Word(std::vector<std::string> words) {
  Shape shape = Of(Form::kWord);
  shape.words = std::move(words);
  return shape;
}
Shape Named(Name name) {
  Shape shape = Of(Form::kName);
  shape.name = name;
  return shape;
}
Shape List(Shape item, bool may_be_empty = false) {
  Shape shape = Of(Form::kList);
  shape.item = std::make_shared<const Shape>(std::move(item));
  shape.may_be_empty = may_be_empty;
  return shape;
}
Shape Map(Name keys, Shape item) {
  Shape shape = Of(Form::kMap);
  shape.name = keys;
  shape.item = std::make_shared<const Shape>(std::move(item));
  return shape;
}
Shape Object(std::vector<Field> fields) {
  Shape shape = Of(Form::kObject);
  shape.fields = std::move(fields);
  return shape;
}
Shape Either(std::vector<Shape> either) {
  Shape shape = Of(Form::kEither);
  shape.either = std::move(either);
  return shape;
}
Field Must(std::string key, Shape shape, std::string about) {
  return {std::move(key), std::move(shape), true, std::move(about)};
}
Field May(std::string key, Shape shape, std::string about) {
  return {std::move(key), std::move(shape), false, std::move(about)};
}

constexpr double kMany = 100000;
constexpr double kHuge = 9007199254740992.0;

Shape Settings() {
  return Map(Name::kSetting, Of(Form::kScalar));
}
Shape Missing() {
  return List(Word({"MOLTBOT_BUCKET", "TENANT_DB", "TENANT_KV"}));
}
Shape Behaviour() {
  return Word({"normal", "crashes", "never_listens"});
}

Shape AiKnob(const fake::AiKnobInfo& knob) {
  using Form = fake::AiKnobInfo::Form;
  switch (knob.form) {
    case Form::kBool:
      return Bool();
    case Form::kDuration:
      return Duration();
    case Form::kWhole:
      return Whole(knob.least, knob.most);
    case Form::kNumber:
      return Number(knob.least, knob.most);
    case Form::kWord:
      return Word(knob.words);
  }
  return Any();
}

Shape Ai() {
  std::vector<Field> all, of_models;
  for (const fake::AiKnobInfo& knob : fake::AiKnobTable()) {
    all.push_back(May(knob.name, AiKnob(knob), knob.about));
    if (knob.of_models) of_models.push_back(all.back());
  }
  all.push_back(May("models", Map(Name::kNone, Object(std::move(of_models))), "for one model"));
  return Object(std::move(all));
}

Shape Edge() {
  std::vector<Field> fields;
  for (const fake::EdgeSettingInfo& setting : fake::EdgeSettingTable()) {
    using Form = fake::EdgeSettingInfo::Form;
    Shape shape = Text();
    if (setting.form == Form::kBool) shape = Bool();
    if (setting.form == Form::kWhole) shape = Whole(setting.least, setting.most);
    if (setting.form == Form::kList) shape = List(Map(Name::kNone, Any()), true);
    fields.push_back(May(setting.name, std::move(shape), setting.about));
  }
  return Object(std::move(fields));
}

// Names and texts alone: the fake's own reader says what is wrong with a value.
Shape Access() {
  std::vector<Field> all;
  for (const fake::AccessKnobInfo& knob : fake::AccessKnobTable())
    all.push_back(May(knob.name, knob.is_duration ? Text() : Bool(), knob.about));
  return Object(std::move(all));
}

std::vector<std::string> WordsOf(const std::string& text) {
  std::vector<std::string> words;
  for (const std::string_view word : Split(text, ' ')) words.emplace_back(word);
  return words;
}

Shape Cloud(std::string_view part) {
  std::vector<Field> all;
  for (const fake::AiKnobInfo& knob : fake::CloudKnobTable(part))
    all.push_back(May(knob.name, AiKnob(knob), knob.about));
  return Object(std::move(all));
}

Shape Replies() {
  const Shape match =
      Object({May("model", Text(), "'*' for any run"), May("message", Text(), "the user's last"),
              May("contains", Text(), "a part of it")});
  const Shape call =
      Object({Must("name", Text(), "a tool"), May("arguments", Map(Name::kNone, Any()), "for it")});
  const Shape usage = Object({May("prompt_tokens", Whole(0, kHuge), "default: counted"),
                              May("completion_tokens", Whole(0, kHuge), "default: counted")});
  const Shape reply =
      Object({May("text", Text(), "what it says"), May("tool_calls", List(call), "what it calls"),
              May("finish_reason", Word({"stop", "length"}), "default stop"),
              May("usage", usage, "default: counted")});
  const Shape error = Object({Must("status", Whole(400, 599), "refuses with it"),
                              May("code", Whole(0, 99999), "the service's error code"),
                              May("message", Text(), "its text")});
  const Shape raw = Object({May("status", Whole(200, 599), "default 200"),
                            May("content_type", Text(), "default text/event-stream"),
                            Must("body", Text(), "byte for byte")});
  return List(Object(
      {May("match", match, "all of it must hold"), May("times", Whole(1, kMany), "default always"),
       May("reply", Either({Text(), reply}), "what the model says"),
       May("error", error, "how it fails"), May("raw", raw, "its answer as bytes")}));
}

std::vector<Field> KeyFields() {
  return {May("name", Text(), "a name for people"),
          May("limit_per_minute", Whole(1, kHuge), "a limit of its own")};
}

std::vector<Field> TenantFields(std::vector<Field> key) {
  return {Must("slug", Text(), "the tenant's slug"),
          May("tier", Text(), "free, premium or enterprise"),
          May("platform", Text(), "default web"),
          May("domains", List(Text()), "custom domains"),
          May("members", List(Text()), "subjects"),
          May("keys", List(Object(std::move(key))), "API keys")};
}

Shape Given() {
  std::vector<Field> key = KeyFields();
  key.push_back(May("as", Named(Name::kVariable), "its variable; default key"));
  std::vector<Field> of_tenant = TenantFields(std::move(key));
  for (Field& field : std::vector<Field>{
           May("as", Named(Name::kVariable), "its variable; default the slug with '_'"),
           May("agent", Behaviour(), "how its agent behaves"),
           May("boot", Duration(), "how long its agent takes to listen")})
    of_tenant.push_back(std::move(field));
  const Shape tenant = Object(std::move(of_tenant));
  return Object({May("clock", Of(Form::kTime), "wall time at the start"),
                 May("network", Duration(), "one-way latency of every call"),
                 May("settings", Settings(), "the gateway's environment; null unsets"),
                 May("missing", Missing(), "bindings that are not configured"),
                 May("ai", Ai(), "how AI Gateway and its models behave"),
                 May("edge", Edge(), "what the edge before the gateway is like"),
                 May("api", Cloud("api"), "limits of Cloudflare's API"),
                 May("kv", Cloud("kv"), "how consistent KV is"),
                 May("d1", Cloud("d1"), "how busy D1 is"),
                 May("replies", Replies(), "what models say; the first that matches"),
                 May("access", Access(), "how Access behaves, and whether the edge enforces it"),
                 May("tenants", List(tenant), "made through the admin API before the first step"),
                 May("agent",
                     Object({May("boot", Duration(), "until it listens"),
                             May("behaviour", Behaviour(), "how it behaves")}),
                     "the agents of all tenants")});
}

Shape Fault() {
  const Shape where =
      Object({May("tenant", Text(), "a sandbox id"), May("model", Text(), "a model"),
              May("key", Text(), "the call's subject; '*' for any run"),
              May("step", Whole(0, 64), "of a universal request"),
              May("attempt", Whole(1, 5), "of a model's step"),
              May("from", Duration(), "since the fault was set"),
              May("until", Duration(), "since the fault was set")});
  const Shape lognormal = Object({Must("median", Duration(), "half of the delays are below"),
                                  Must("sigma", Number(0, 10), "of the logarithm")});
  return Object(
      {Must("id", Named(Name::kId), "what reports call it"),
       Must("on", Text(), "the operation: kv.get, d1.query, ai.run, a family: kv.*"),
       May("where", where, "narrows it"),
       May("nth", Whole(1, kMany), "the first call it disturbs"),
       May("times", Either({Whole(1, kMany), Word({"always"})}), "how many; default 1"),
       May("probability", Number(0, 1), "drawn from the seed"),
       May("delay", Either({Duration(), lognormal}), "before the effect"),
       May("hang", Bool(), "no answer"),
       May("status", Whole(400, 599), "refuses with it"),
       May("code", Whole(0, 99999), "the service's error code"),
       May("body", Text(), "instead of the service's shape"),
       May("retry_after", Duration(), "the header, in whole seconds"),
       May("reset", Word({"before", "after"}), "the connection, before or after the effect"),
       May("truncate_after", Whole(0, kHuge), "bytes of the answer's body"),
       May("stall_after", Whole(0, kHuge), "bytes of the answer's body"),
       May("malformed", Bool(), "the body is not what it should be"),
       May("content_type", Text(), "what the answer says that it is"),
       May("after_chunks", Whole(0, kHuge), "of a model's stream; it meets streams alone"),
       May("then", Word({"stall", "cut", "end", "done", "error", "errors"}), "what happens there"),
       May("stale", Duration(), "an earlier answer, at most this old"),
       May("certs", Word(WordsOf(fake::CertsDamages())), "of access.certs: what is wrong with it"),
       May("optional", Bool(), "may stay unused")});
}

Shape Request() {
  const Shape token = Object(
      {May("email", Text(), "a person"), May("common_name", Text(), "a service token"),
       May("expired", Bool(), "an hour ago"), May("wrong_audience", Bool(), "another application"),
       May("previous_key", Bool(), "signed before the rotation"),
       May("lifetime", Duration(), "default 24h"),
       May("clock_offset", Text(), "of the minting clock; may be negative"),
       May("claims", Map(Name::kNone, Any()), "over the usual ones; null leaves one out"),
       May("header", Map(Name::kNone, Any()), "over the usual one; null leaves one out"),
       May("signed_by", Word({"weak", "unlisted"}), "by a key that nobody may accept"),
       May("damage", Word(WordsOf(fake::MintDamages())), "to a token that is otherwise good")});
  return Object({May("method", Text(), "default GET; POST with a body"),
                 May("tenant", Named(Name::kVariable), "to the host of a given tenant"),
                 May("host", Text(), "to any host; default the operators'"),
                 Must("path", Named(Name::kPath), "path and query, or a captured Location"),
                 May("headers", Map(Name::kNone, Either({Of(Form::kScalar), List(Text())})),
                     "a text, several, or null for none"),
                 May("json", Any(), "the body"), May("text", Lines(), "the body"),
                 May("base64", Text(), "the body"), May("key", Text(), "a bearer token"),
                 May("as", Text(), "an email, <id>.access or operator"),
                 May("token", token, "an odd Access token"), May("from", Text(), "client address"),
                 May("timeout", Duration(), "then the client gives up"),
                 May("leave_after", Whole(1, kMany), "events of a stream; then it hangs up"),
                 May("send_every", Duration(), "a slow sender: a byte of the body each time"),
                 May("read_every", Duration(), "a slow reader: a piece of the answer each time"),
                 May("listener", Word({"public", "internal", "team"}),
                     "internal: the agents' own; team: Access's site")});
}

Shape Chat() {
  return Object({Must("tenant", Named(Name::kVariable), "a given tenant"),
                 May("key", Text(), "default the tenant's key"),
                 May("message", Text(), "the question"), May("model", Text(), "as the caller asks"),
                 May("workload", Text(), "x-moltgate-workload"),
                 May("from", Text(), "client address"),
                 May("timeout", Duration(), "then the client gives up"),
                 May("leave_after", Whole(1, kMany), "events of a stream; then it hangs up"),
                 May("read_every", Duration(), "a slow reader: a piece of the answer each time"),
                 May("json", Map(Name::kNone, Any()), "further members of the body")});
}

Shape Burst() {
  const Shape edge = Object({Must("window", Duration(), "length of the rate window"),
                             May("offset", Of(Form::kOffset), "from its end")});
  return Object(
      {May("request", Request(), "what is sent"), May("chat", Chat(), "what is sent"),
       Must("count", Whole(1, kMany), "how many"),
       May("every", Duration(), "between two starts; default at once"),
       May("concurrency", Whole(1, kMany), "at most so many under way"),
       May("start", Either({Duration(), edge}), "a delay, or relative to a window's end")});
}

Field ExtraHeaders() {
  return May("headers", Map(Name::kNone, Of(Form::kScalar)), "beside the usual; null: not sent");
}
Field AsClient() {
  return May("as_client", Bool(),
             "the journal has it and faults meet it; default: a bystander's look");
}
Field Patience() {
  return May("timeout", Duration(), "then the client gives up");
}

Shape Api() {
  return Object({May("method", Text(), "default GET; POST with a body"),
                 Must("path", Named(Name::kPath), "below /client/v4/accounts/{account}"),
                 ExtraHeaders(), May("json", Any(), "the body"), May("text", Lines(), "the body"),
                 May("base64", Text(), "the body"), AsClient(), Patience()});
}

Shape S3() {
  return Object({May("method", Text(), "default GET; PUT with a body"),
                 Must("path", Named(Name::kPath), "/bucket/key?parameters, encoded"),
                 ExtraHeaders(), May("text", Lines(), "the body"),
                 May("repeat", Whole(1, 16 << 20), "so many times that text is the body"),
                 May("base64", Text(), "the body"),
                 May("key", Word({"ours", "none", "unknown", "wrong"}),
                     "whose signature: none of any, of no known id, by another secret"),
                 AsClient(), Patience()});
}

Shape Query() {
  return Object({Must("sql", Lines(), "one statement on TENANT_DB"),
                 May("params", List(Of(Form::kScalar), true), "for ?1, ?2")});
}
Shape Log() {
  return Object(
      {Must("event", Text(), "its name"), May("where", Expected(), "fields it must have")});
}

std::vector<Field> Actions() {
  return {
      May("request", Request(), "one request to the gateway"),
      May("chat", Chat(), "a question to the model by API key"),
      May("burst", Burst(), "many requests"),
      May("together", List(Any()), "steps at the same time"),
      May("advance", Duration(), "time passes"),
      May("query", Query(), "rows of TENANT_DB"),
      May("kv",
          Object({May("get", Text(), "a key"), May("put", Text(), "a key"),
                  May("value", Any(), "of put"), May("ttl", Duration(), "of put"),
                  May("delete", Text(), "a key")}),
          "a value of TENANT_KV"),
      May("object",
          Object({May("get", Text(), "a key"), May("put", Text(), "a key"),
                  May("text", Text(), "of put"), May("delete", Text(), "a key")}),
          "an object of MOLTBOT_BUCKET"),
      May("api", Api(), "Cloudflare's API, as the account's owner"),
      May("s3", S3(), "R2's S3 endpoint, signed"),
      May("log", Log(), "lines of the gateway's log"),
      May("metric",
          Object({Must("name", Text(), "its name"),
                  May("where", Map(Name::kNone, Text()), "labels it must have")}),
          "one of the gateway's metrics"),
      May("calls",
          Object({Must("on", Text(), "operation, '*' for any run"),
                  May("tenant", Named(Name::kVariable), "a given tenant")}),
          "entries of the journal"),
      May("faults", List(Fault()), "from here on"),
      May("recover", Either({List(Text()), Word({"all"})}), "ends faults"),
      May("start",
          Object({May("settings", Settings(), "over none"), May("missing", Missing(), "bindings")}),
          "a process with given settings"),
      May("restart", Word({"drain", "kill"}), "the gateway stops and starts again"),
      May("raw",
          Object(
              {May("send", Lines(), "lines are joined by CRLF"), May("base64", Text(), "bytes")}),
          "bytes on a socket"),
  };
}

Shape Answer() {
  return Object({May("status", Expected(), "of the answer"),
                 May("headers", Map(Name::kNone, Expected()), "names in lower case"),
                 May("json", Expected(), "the body as JSON"), May("text", Expected(), "the body"),
                 May("took", Expected(), "a duration"),
                 May("error", Expected(), "timeout, reset, cut, unreachable, left"),
                 May("frames", Expected(), "of an event stream: each event's JSON, or its text"),
                 May("head_after", Expected(), "of an event stream"),
                 May("first_byte_after", Expected(), "of an event stream's body"),
                 May("longest_gap", Expected(), "that an event stream paused")});
}

Shape S3Answer() {
  return Object({May("status", Expected(), "of the answer"),
                 May("headers", Map(Name::kNone, Expected()), "names in lower case"),
                 May("text", Expected(), "the body"), May("took", Expected(), "a duration"),
                 May("xml", Expected(), "texts of the body's elements, a list for each name"),
                 May("error", Expected(), "timeout, reset, cut, unreachable")});
}

std::map<std::string, Shape, std::less<>> Expectations() {
  const Shape burst =
      Object({May("statuses", Map(Name::kNone, Expected()), "exactly these"),
              May("admitted", Expected(), "not 429"), May("refused", Expected(), "429"),
              May("ribbon", Expected(), "one mark a request, | at the window's edge"),
              May("each", Answer(), "of every answer"), May("took", Expected(), "all of it")});
  return {
      {"request", Answer()},
      {"chat", Answer()},
      {"burst", burst},
      {"query", Object({May("rows", Expected(), "all"), May("count", Expected(), "how many")})},
      {"kv", Object({May("value", Expected(), "null: no such key"),
                     May("json", Expected(), "the value as JSON")})},
      {"object", Object({May("text", Expected(), "null: no such object"),
                         May("present", Expected(), "true or false")})},
      {"api", Answer()},
      {"s3", S3Answer()},
      {"log", Object({May("count", Expected(), "how many"), May("lines", Expected(), "all")})},
      {"metric", Object({May("value", Expected(), "the sum of what matches; null: nothing does")})},
      {"calls", Object({May("count", Expected(), "how many"), May("list", Expected(), "all")})},
      {"start", Object({May("refused", Expected(), "true or false"),
                        May("names", Expected(), "first words of its lines"),
                        May("text", Expected(), "what it says")})},
      {"raw",
       Object({May("status", Expected(), "of the answer"),
               May("headers", Map(Name::kNone, Expected()), "names in lower case"),
               May("text", Expected(), "all bytes"), May("closed", Expected(), "by the gateway")})},
  };
}

Shape Finally() {
  const Shape rows = Object({Must("sql", Lines(), "one statement"),
                             May("params", List(Of(Form::kScalar), true), "for ?1, ?2"),
                             Must("rows", Expected(), "all of them")});
  const Shape log =
      Object({Must("event", Text(), "its name"), May("where", Expected(), "fields it must have"),
              May("count", Expected(), "default: at least one")});
  const Shape without = Object(
      {Must("invariant",
            Word({"one-usage-row-per-billed-answer", "sandbox-id-is-pure", "no-foreign-touch",
                  "metadata-on-every-model-call", "no-secret-in-logs", "never-above-the-limit"}),
            "which"),
       Must("because", Text(), "why it cannot hold here")});
  return Object({May("calls", Map(Name::kNone, Expected()), "operation: exactly these calls"),
                 May("rows", List(rows), "tables"),
                 May("keys", Map(Name::kNone, Expected()), "of TENANT_KV"),
                 May("objects", Map(Name::kNone, Expected()), "of MOLTBOT_BUCKET"),
                 May("log", List(log), "lines"), May("without", List(without), "invariants")});
}

std::vector<Field> SharedFields() {
  return {May("$schema", Text(), "for editors"),
          May("include", List(Text()), "files, relative to this one"),
          May("vars", Map(Name::kVariable, Any()), "variables"),
          May("given", Given(), "the world at the start"),
          May("faults", List(Fault()), "from the first step on"),
          May("steps", List(Any()), "in order")};
}

Shape File() {
  std::vector<Field> fields = {
      Must("id", Named(Name::kId), "the file's name"),
      Must("title", Text(), "one sentence"),
      Must("covers", List(Named(Name::kRule), true), "rules of the specification"),
      May("tags", List(Text()), "words to select by"),
      May("targets", List(Word({"virtual", "socket", "url"})), "where it may run; default all"),
      May("each", List(Map(Name::kVariable, Any())), "one run for each row of variables"),
      May("finally", Finally(), "what must hold at the end")};
  for (Field& field : SharedFields()) fields.push_back(std::move(field));
  return Object(std::move(fields));
}

Shape Seed() {
  std::vector<Field> key = KeyFields();
  key[0].required = true;  // what a second start knows it by
  const Shape value =
      Object({Must("key", Text(), "in TENANT_KV"), May("value", Text(), "as it is"),
              May("json", Any(), "as JSON"), May("ttl", Duration(), "at least 60s")});
  const Shape object =
      Object({Must("key", Text(), "in MOLTBOT_BUCKET"), May("text", Lines(), "the object"),
              May("json", Any(), "the object as JSON"), May("base64", Text(), "the object"),
              May("file", Text(), "the object, relative to this file")});
  const Shape table = Object({May("sql", Lines(), "statements that may run at every start"),
                              May("table", Text(), "one of TENANT_DB"),
                              May("rows", List(Map(Name::kNone, Of(Form::kScalar))), "of it")});
  return Object({May("$schema", Text(), "for editors"),
                 May("tenants", List(Object(TenantFields(std::move(key)))), "of the gateway"),
                 May("kv", List(value), "values of TENANT_KV"),
                 May("objects", List(object), "objects of MOLTBOT_BUCKET"),
                 May("d1", List(table), "of TENANT_DB, in this order")});
}

Shape StepOf() {
  std::vector<Field> fields = Actions();
  fields.push_back(May("name", Text(), "for reports"));
  fields.push_back(May("expect", Expected(), "looked at once"));
  fields.push_back(May("capture", Map(Name::kVariable, Named(Name::kCapture)), "for later steps"));
  fields.push_back(May("eventually", Duration(), "a read is repeated this long"));
  fields.push_back(May("after", Duration(), "of `together`: begins so much later"));
  return Object(std::move(fields));
}

}  // namespace

const Shape& ScenarioShape() {
  static const Shape shape = File();
  return shape;
}
const Shape& IncludeShape() {
  static const Shape shape = Object(SharedFields());
  return shape;
}
const Shape& SeedShape() {
  static const Shape shape = Seed();
  return shape;
}
const Shape& StepShape() {
  static const Shape shape = StepOf();
  return shape;
}
const Shape& ExpectShape(std::string_view action) {
  static const auto shapes = Expectations();
  static const Shape none = Object({});
  const auto found = shapes.find(action);
  return found == shapes.end() ? none : found->second;
}
const std::vector<std::string>& ActionWords() {
  static const std::vector<std::string> words = [] {
    std::vector<std::string> keys;
    for (const Field& field : Actions()) keys.push_back(field.key);
    return keys;
  }();
  return words;
}

}  // namespace mg::scenario
