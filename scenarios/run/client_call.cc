#include "scenarios/run/client_call.h"

#include <utility>

#include "core/base/bytes.h"
#include "core/base/json.h"

namespace mg::scenario {
namespace {

constexpr std::string_view kDefaultQuestion = "What is 17 + 25?";
constexpr Nanos kPatience = std::chrono::minutes(20);  // beyond every limit of the gateway

Result<std::string> TextAt(const JsoncNode& node, std::string_view key, const Variables& variables,
                           std::string_view fallback = "") {
  const JsoncNode* found = node.Find(key);
  if (found == nullptr) return std::string(fallback);
  return ResolveText(*found, variables);
}

// A Location that was captured is as good as a path.
std::string PathOf(const std::string& text) {
  const std::size_t scheme = text.find("://");
  if (text.empty() || text.front() == '/' || scheme == std::string::npos) return text;
  const std::size_t slash = text.find('/', scheme + 3);
  return slash == std::string::npos ? "/" : text.substr(slash);
}

Result<std::string> HostOfTenant(const JsoncNode& alias, const Variables& variables) {
  MG_TRY(name, ResolveText(alias, variables));
  const Json* host = variables.Find(name + ".host");
  if (host != nullptr && host->is_string()) return host->get<std::string>();
  return Error{Code::kInvalid, "there is no tenant \"" + name + "\" in `given`"};
}

Status SetHost(const JsoncNode& node, const Variables& variables, const Site& site,
               DraftedCall& drafted) {
  if (const JsoncNode* tenant = node.Find("tenant")) {
    MG_TRY(host, HostOfTenant(*tenant, variables));
    drafted.host = host;
  } else if (const JsoncNode* named = node.Find("host")) {
    MG_TRY(host, ResolveText(*named, variables));
    drafted.host = host;
  } else {
    const bool elsewhere = drafted.call.internal || drafted.call.team;
    drafted.host = elsewhere ? "127.0.0.1" : site.operator_host;
  }
  drafted.call.request.headers.Set("host", drafted.host);
  return Ok();
}

Status SetHeaders(const JsoncNode& headers, const Variables& variables, Headers& out) {
  for (const JsoncNode::Member& member : headers.members) {
    if (member.value.kind != JsoncNode::Kind::kArray) {
      MG_TRY(value, Resolve(member.value, variables));
      if (value.is_null()) {
        out.Remove(member.key);
      } else {
        out.Set(member.key, value.is_string() ? value.get<std::string>() : DumpJson(value));
      }
      continue;
    }
    out.Remove(member.key);
    for (const JsoncNode& item : member.value.items) {
      MG_TRY(value, ResolveText(item, variables));
      out.Add(member.key, value);
    }
  }
  return Ok();
}

Result<std::string> JoinedLines(const JsoncNode& node, const Variables& variables) {
  if (node.kind != JsoncNode::Kind::kArray) return ResolveText(node, variables);
  std::string text;
  for (const JsoncNode& item : node.items) {
    MG_TRY(line, ResolveText(item, variables));
    text += (text.empty() ? "" : "\n") + line;
  }
  return text;
}

Status SetBody(const JsoncNode& node, const Variables& variables, Request& request) {
  if (const JsoncNode* json = node.Find("json")) {
    MG_TRY(value, Resolve(*json, variables));
    request.body = DumpJson(value);
    request.headers.Set("content-type", "application/json");
  } else if (const JsoncNode* text = node.Find("text")) {
    MG_TRY(lines, JoinedLines(*text, variables));
    request.body = lines;
  } else if (const JsoncNode* base64 = node.Find("base64")) {
    MG_TRY(encoded, ResolveText(*base64, variables));
    const auto bytes = Base64Decode(encoded);
    if (!bytes) return Error{Code::kInvalid, "\"base64\" is no base64 text"};
    request.body = *bytes;
  } else {
    return Ok();
  }
  request.method = "POST";
  return Ok();
}

Status SetIdentity(const JsoncNode& node, const Variables& variables, const Site& site,
                   DraftedCall& drafted) {
  if (node.Find("as") != nullptr) {
    MG_TRY(who, TextAt(node, "as", variables));
    fake::Mint mint;
    const bool service = who.size() > 7 && who.compare(who.size() - 7, 7, ".access") == 0;
    (service ? mint.common_name : mint.email) = who == "operator" ? site.operator_email : who;
    drafted.identity = std::move(mint);
  }
  const JsoncNode* token = node.Find("token");
  if (token == nullptr) return Ok();
  MG_TRY(json, Resolve(*token, variables));
  MG_TRY(mint, fake::MintFromJson(json));
  drafted.identity = std::move(mint);
  return Ok();
}

// What `request` and `chat` have in common.
Status SetClient(const JsoncNode& node, const Variables& variables, ClientCall& call) {
  MG_TRY(key, TextAt(node, "key", variables));
  if (!key.empty()) call.request.headers.Set("authorization", "Bearer " + key);
  MG_TRY(from, TextAt(node, "from", variables));
  call.from = from;
  MG_TRY(timeout, TextAt(node, "timeout", variables));
  call.patience = timeout.empty() ? kPatience : DurationOf(timeout).value_or(kPatience);
  MG_TRY(rest, TextAt(node, "send_every", variables));
  call.send_every = DurationOf(rest).value_or(Nanos::zero());
  MG_TRY(pause, TextAt(node, "read_every", variables));
  call.read_every = DurationOf(pause).value_or(Nanos::zero());
  if (const JsoncNode* frames = node.Find("leave_after")) {
    MG_TRY(count, Resolve(*frames, variables));
    if (!count.is_number_integer() || count.get<std::int64_t>() < 1)
      return Error{Code::kInvalid, "\"leave_after\" must be a number of frames"};
    call.leave_after_frames = count.get<std::size_t>();
  }
  return Ok();
}

}  // namespace

Result<DraftedCall> DraftRequest(const JsoncNode& request, const Variables& variables,
                                 const Site& site) {
  DraftedCall drafted;
  MG_TRY(listener, TextAt(request, "listener", variables));
  drafted.call.internal = listener == "internal";
  drafted.call.team = listener == "team";
  MG_RETURN_IF_ERROR(SetHost(request, variables, site, drafted));
  MG_RETURN_IF_ERROR(SetBody(request, variables, drafted.call.request));
  MG_TRY(method, TextAt(request, "method", variables, drafted.call.request.method));
  drafted.call.request.method = method;
  MG_TRY(path, TextAt(request, "path", variables));
  drafted.call.request.target = PathOf(path);
  MG_RETURN_IF_ERROR(SetClient(request, variables, drafted.call));
  MG_RETURN_IF_ERROR(SetIdentity(request, variables, site, drafted));
  if (const JsoncNode* headers = request.Find("headers"))
    MG_RETURN_IF_ERROR(SetHeaders(*headers, variables, drafted.call.request.headers));
  return drafted;
}

Result<DraftedCall> DraftChat(const JsoncNode& chat, const Variables& variables, const Site& site) {
  DraftedCall drafted;
  Request& request = drafted.call.request;
  MG_RETURN_IF_ERROR(SetHost(chat, variables, site, drafted));
  MG_RETURN_IF_ERROR(SetClient(chat, variables, drafted.call));
  MG_TRY(alias, TextAt(chat, "tenant", variables));
  const Json* key = variables.Find(alias + ".key");
  if (!request.headers.Has("authorization") && key != nullptr && key->is_string())
    request.headers.Set("authorization", "Bearer " + key->get<std::string>());
  MG_TRY(workload, TextAt(chat, "workload", variables));
  if (!workload.empty()) request.headers.Set("x-moltgate-workload", workload);
  request.method = "POST";
  request.target = "/v1/chat/completions";
  request.headers.Set("content-type", "application/json");
  MG_TRY(message, TextAt(chat, "message", variables, kDefaultQuestion));
  Json body{{"messages", Json::array({{{"role", "user"}, {"content", message}}})}};
  MG_TRY(model, TextAt(chat, "model", variables));
  if (!model.empty()) body["model"] = model;
  if (const JsoncNode* more = chat.Find("json")) {
    MG_TRY(members, Resolve(*more, variables));
    body.update(members);
  }
  request.body = DumpJson(body);
  return drafted;
}

}  // namespace mg::scenario
