#include "core/clients/chat_answer.h"

#include "core/base/bytes.h"
#include "core/base/json.h"

namespace mg {
namespace {

constexpr std::size_t kMaxMessageBytes = 1000;
constexpr std::string_view kAiErrorPrefix = "AiError: ";

std::optional<std::int64_t> CountAt(const Json& usage, std::string_view key) {
  const std::int64_t count = IntAt(usage, key, -1);
  if (count < 0) return std::nullopt;
  return count;
}

const Json* UsageObject(const Json& answer) {
  if (const Json* usage = Find(answer, "usage"); usage != nullptr && usage->is_object())
    return usage;
  for (const std::string_view around : {"result", "response", "message"}) {
    const Json* inner = Find(answer, around);
    const Json* usage = inner == nullptr ? nullptr : Find(*inner, "usage");
    if (usage != nullptr && usage->is_object()) return usage;
  }
  return nullptr;
}

// A number, or the same as text: OpenAI's clients know codes as texts alone.
std::optional<std::int64_t> CodeAt(const Json& object, std::string_view key) {
  const Json* code = Find(object, key);
  if (code != nullptr && code->is_string()) {
    const auto number = ParseUint(code->get_ref<const std::string&>());
    if (number && *number < 1'000'000) return static_cast<std::int64_t>(*number);
  }
  return CountAt(object, key);
}

// At most so many bytes, cut between characters.
std::string Shortened(std::string text) {
  if (text.size() <= kMaxMessageBytes) return text;
  std::size_t end = kMaxMessageBytes;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0U) == 0x80U) --end;
  text.resize(end);
  return text;
}

AiFailure FailureAt(const Json& object, std::string_view code_key) {
  std::string message = StringAt(object, "message");
  if (message.empty()) message = StringAt(object, "description");
  while (message.compare(0, kAiErrorPrefix.size(), kAiErrorPrefix) == 0)
    message.erase(0, kAiErrorPrefix.size());
  return AiFailure{CodeAt(object, code_key), Shortened(std::move(message))};
}

}  // namespace

UsagePart ReadUsage(const Json& answer) {
  const Json* usage = UsageObject(answer);
  if (usage == nullptr) return {};
  UsagePart part{CountAt(*usage, "prompt_tokens"), CountAt(*usage, "completion_tokens")};
  if (!part.in) part.in = CountAt(*usage, "input_tokens");
  if (!part.out) part.out = CountAt(*usage, "output_tokens");
  return part;
}

std::optional<TokenCounts> UsageOf(const Json& answer) {
  const UsagePart part = ReadUsage(answer);
  if (!part.in || !part.out) return std::nullopt;
  return TokenCounts{*part.in, *part.out};
}

std::optional<AiFailure> AiFailureOf(const Json& body) {
  const Json* error = Find(body, "error");
  if (error != nullptr && error->is_array() && !error->empty())
    return FailureAt(error->front(), "code");
  if (Find(body, "internalCode") != nullptr) return FailureAt(body, "internalCode");
  const Json* errors = Find(body, "errors");
  if (errors != nullptr && errors->is_array() && !errors->empty())
    return FailureAt(errors->front(), "code");
  if (error != nullptr && error->is_object()) return FailureAt(*error, "code");
  if (error != nullptr && error->is_string() && !error->get_ref<const std::string&>().empty())
    return AiFailure{std::nullopt, Shortened(error->get<std::string>())};
  return std::nullopt;
}

std::optional<AiFailure> AiFailureIn(std::string_view body) {
  const auto parsed = ParseJson(body);
  if (!parsed) return std::nullopt;
  return AiFailureOf(*parsed);
}

}  // namespace mg
