// Steps that call the services themselves: the account's API, and R2's S3 endpoint.
#include "core/base/bytes.h"
#include "core/base/digest.h"
#include "core/base/json.h"
#include "core/clients/sigv4.h"
#include "fakes/r2/xml_reader.h"
#include "scenarios/run/execution.h"

namespace mg::scenario {
namespace {

constexpr Nanos kCloudTime = std::chrono::seconds(60);
constexpr std::string_view kUnknownKeyId = "00000000000000000000000000000000";

std::string TextOr(const JsoncNode& node, std::string_view key, std::string_view fallback) {
  const JsoncNode* found = node.Find(key);
  return found == nullptr ? std::string(fallback) : found->text;
}

// {"Key": ["a", "b"], "IsTruncated": ["false"]}: each element that has no others in it.
void AddElements(const fake::XmlNode& node, Json& elements) {
  if (node.children.empty()) elements[node.name].push_back(node.text);
  for (const fake::XmlNode& child : node.children) AddElements(child, elements);
}

SigV4Key KeyFor(std::string_view whose, const R2Binding& binding) {
  SigV4Key key{binding.access_key_id, binding.secret_access_key};
  if (whose == "unknown") key.access_key_id = kUnknownKeyId;
  if (whose == "wrong") key.secret_access_key = Sha256Hex(key.secret_access_key);
  return key;
}

}  // namespace

// What both kinds of calls have: path, method, headers, body and time.
Result<ClientCall> Execution::CloudCall(const JsoncNode& action) {
  const Lock lock(mutex_);
  ClientCall call;
  call.patience = kCloudTime;
  MG_TRY(path, ResolveText(*action.Find("path"), variables_));
  call.request.target = path;
  std::string body;
  if (const JsoncNode* json = action.Find("json")) {
    MG_TRY(value, Resolve(*json, variables_));
    body = DumpJson(value);
    call.request.headers.Set("content-type", "application/json");
  } else if (const JsoncNode* base64 = action.Find("base64")) {
    MG_TRY(text, ResolveText(*base64, variables_));
    body = Base64Decode(text).value_or("");
  } else if (const JsoncNode* text = action.Find("text")) {
    if (text->kind != JsoncNode::Kind::kArray) {
      MG_TRY(whole, ResolveText(*text, variables_));
      body = whole;
    }
    for (const JsoncNode& line : text->items) {
      MG_TRY(one, ResolveText(line, variables_));
      body += one + "\n";
    }
  }
  if (const JsoncNode* repeat = action.Find("repeat")) {
    const std::string once = body;
    for (auto times = static_cast<std::int64_t>(repeat->number); times > 1; --times) body += once;
  }
  if (const JsoncNode* headers = action.Find("headers")) {
    for (const JsoncNode::Member& header : headers->members) {
      MG_TRY(value, ResolveText(header.value, variables_));
      call.request.headers.Set(header.key, value);
    }
  }
  if (const JsoncNode* method = action.Find("method")) {
    MG_TRY(word, ResolveText(*method, variables_));
    call.request.method = word;
  }
  if (const JsoncNode* timeout = action.Find("timeout"))
    call.patience = DurationOf(timeout->text).value_or(kCloudTime);
  call.request.body = std::move(body);
  return call;
}

// A bystander's call that gets no answer is the target's failure; a client's is what it sees.
Execution::Checked Execution::AnswerOfCloud(
    const Step& step, ClientCall call,
    const std::function<void(Json& actual, const Reply& reply)>& add) {
  const Probes probes = target_.probes();
  const JsoncNode* as_client = step.action->Find("as_client");
  const bool watched = as_client != nullptr && as_client->boolean;
  const std::string what = call.request.method + " " + call.request.target;
  const Reply reply =
      Exchange(watched ? *probes.unmarked : *probes.transport, target_.runtime(), std::move(call));
  if (!watched && !reply.error.empty())
    return Error{Code::kUnavailable, what + ": no answer (" + reply.error + ")"};
  Json actual = ReplyJson(reply);
  add(actual, reply);
  if (step.expect != nullptr) {
    if (auto wrong = Compare(*step.expect, actual, "answer-mismatch", what)) {
      wrong->notes.push_back("the answer: " + Shown(actual));
      return wrong;
    }
  }
  MG_RETURN_IF_ERROR(Capture(step, actual));
  return std::optional<Failure>();
}

Execution::Checked Execution::DoApi(const Step& step) {
  MG_TRY(call, CloudCall(*step.action));
  const Probes probes = target_.probes();
  const std::size_t path_at = probes.account_url.find('/', probes.account_url.find("://") + 3);
  Request& request = call.request;
  request.origin = probes.account_url.substr(0, path_at);
  request.target = probes.account_url.substr(path_at) + request.target;
  if (step.action->Find("method") == nullptr && !request.body.bytes().empty())
    request.method = "POST";
  if (!request.headers.Has("authorization"))
    request.headers.Set("authorization", "Bearer " + probes.api_token);
  return AnswerOfCloud(step, std::move(call), [](Json&, const Reply&) {});
}

Execution::Checked Execution::DoS3(const Step& step) {
  const Probes probes = target_.probes();
  if (!probes.bindings.bucket)
    return Error{Code::kInvalid, "MOLTBOT_BUCKET is not configured on this target"};
  const R2Binding& binding = *probes.bindings.bucket;
  MG_TRY(call, CloudCall(*step.action));
  Request& request = call.request;
  request.origin = binding.endpoint;
  if (step.action->Find("method") == nullptr && !request.body.bytes().empty())
    request.method = "PUT";
  const std::string whose = TextOr(*step.action, "key", "ours");
  if (whose != "none") {
    const std::size_t scheme = binding.endpoint.find("://");
    SignRequest(request, std::string_view(binding.endpoint).substr(scheme + 3),
                KeyFor(whose, binding), target_.runtime().Wall(), Sha256Hex(request.body.bytes()));
  }
  return AnswerOfCloud(step, std::move(call), [](Json& actual, const Reply& reply) {
    const auto document = fake::ParseXml(reply.body);
    if (!document || document->children.empty()) return;
    Json elements = Json::object();
    AddElements(*document, elements);
    actual["xml"] = std::move(elements);
  });
}

}  // namespace mg::scenario
