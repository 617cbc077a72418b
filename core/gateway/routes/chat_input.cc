#include "core/gateway/routes/chat_input.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "core/base/json.h"
#include "core/gateway/routes/chat_messages.h"

namespace mg {
namespace {

using Problem = std::optional<InputProblem>;

struct Range {
  const char* name;
  double least;
  double most;
};

// Of OpenAI's API and of Workers AI's models the wider one: the model itself says what it cannot
// do.
constexpr Range kNumbers[] = {
    {"temperature", 0, 5},        {"top_p", 0, 2},
    {"presence_penalty", -2, 2},  {"frequency_penalty", -2, 2},
    {"repetition_penalty", 0, 2},
};
constexpr Range kIntegers[] = {
    {"n", 1, 128},     {"max_tokens", 1, 1e9},  {"max_completion_tokens", 1, 1e9},
    {"top_k", 1, 1e9}, {"top_logprobs", 0, 20}, {"seed", -9.2e18, 9.2e18},
};
constexpr const char* kFlags[] = {"stream", "logprobs", "parallel_tool_calls", "store"};
constexpr std::size_t kMaxStops = 4;

std::string Shown(double number) {
  return std::to_string(static_cast<long long>(number));
}

Problem CheckNumbers(const Json& chat) {
  for (const Range& range : kNumbers) {
    const Json* value = Given(chat, range.name);
    if (value == nullptr) continue;
    if (!value->is_number()) return MustBe(range.name, "a number");
    const double number = value->get<double>();
    if (!(number >= range.least && number <= range.most))
      return MustBe(range.name, "from " + Shown(range.least) + " to " + Shown(range.most));
  }
  for (const Range& range : kIntegers) {
    const Json* value = Given(chat, range.name);
    if (value == nullptr) continue;
    if (!value->is_number_integer()) return MustBe(range.name, "an integer");
    const double number = value->get<double>();
    if (number < range.least) return MustBe(range.name, "at least " + Shown(range.least));
    if (number > range.most) return MustBe(range.name, "at most " + Shown(range.most));
  }
  return std::nullopt;
}

Problem CheckFlags(const Json& chat) {
  for (const char* name : kFlags) {
    const Json* value = Given(chat, name);
    if (value != nullptr && !value->is_boolean()) return MustBe(name, "true or false");
  }
  return std::nullopt;
}

Problem CheckStop(const Json& chat) {
  const Json* stop = Given(chat, "stop");
  if (stop == nullptr || stop->is_string()) return std::nullopt;
  const bool good =
      stop->is_array() && stop->size() <= kMaxStops &&
      std::all_of(stop->begin(), stop->end(), [](const Json& text) { return text.is_string(); });
  if (good) return std::nullopt;
  return MustBe("stop", "a string or an array of up to " + std::to_string(kMaxStops) + " strings");
}

Problem CheckStreamOptions(const Json& chat) {
  const Json* options = Given(chat, "stream_options");
  if (options == nullptr) return std::nullopt;
  const Json* stream = Given(chat, "stream");
  if (!options->is_object()) return MustBe("stream_options", "an object");
  if (stream == nullptr || !stream->get<bool>())
    return InputProblem{"stream_options",
                        "\"stream_options\" is only allowed together with \"stream\": true."};
  const Json* usage = Given(*options, "include_usage");
  if (usage != nullptr && !usage->is_boolean())
    return MustBe("stream_options.include_usage", "true or false");
  return std::nullopt;
}

Problem CheckResponseFormat(const Json& chat) {
  const Json* format = Given(chat, "response_format");
  if (format == nullptr) return std::nullopt;
  if (!format->is_object()) return MustBe("response_format", "an object");
  const std::string type = StringAt(*format, "type");
  if (type != "text" && type != "json_object" && type != "json_schema")
    return MustBe("response_format.type", "\"text\", \"json_object\" or \"json_schema\"");
  const Json* schema = Given(*format, "json_schema");
  if (type == "json_schema" && (schema == nullptr || !schema->is_object()))
    return MustBe("response_format.json_schema", "an object");
  return std::nullopt;
}

}  // namespace

Problem CheckChat(const Json& chat) {
  if (const Json* model = Given(chat, "model"); model != nullptr && !model->is_string())
    return MustBe("model", "a string");
  constexpr std::array kChecks = {CheckMessages,      CheckFlags,          CheckNumbers, CheckStop,
                                  CheckStreamOptions, CheckResponseFormat, CheckTools};
  for (const auto check : kChecks)
    if (auto problem = check(chat)) return problem;
  return std::nullopt;
}

}  // namespace mg
