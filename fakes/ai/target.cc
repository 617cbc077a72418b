#include "fakes/ai/target.h"

#include <algorithm>
#include <iterator>

#include "core/base/json.h"

namespace mg::fake {
namespace {

// Of what a caller wrote and an answer or the journal repeats.
constexpr std::size_t kMaxNameBytes = 128;

constexpr std::string_view kResponsesPath = "responses";
constexpr std::string_view kMessagesPath = "messages";

// Slugs that AI Gateway knows; anything else is 2008.
constexpr std::string_view kOtherProviders[] = {
    "openai",
    "anthropic",
    "google-ai-studio",
    "google-vertex-ai",
    "azure-openai",
    "aws-bedrock",
    "groq",
    "grok",
    "mistral",
    "deepseek",
    "perplexity-ai",
    "cohere",
    "huggingface",
    "replicate",
    "openrouter",
    "cerebras",
    "cartesia",
    "elevenlabs",
    "fireworks",
};

bool StartsWith(std::string_view text, std::string_view prefix) {
  return text.substr(0, prefix.size()) == prefix;
}

AiTarget Wrong(AiError error) {
  AiTarget target;
  target.error = std::move(error);
  return target;
}

AiTarget Gap(std::string_view operation) {
  AiTarget target;
  target.gap = operation;
  return target;
}

AiTarget OfModel(AiDialect dialect, std::optional<AiTask> task, std::string_view model,
                 std::string_view written) {
  AiTarget target;
  target.dialect = dialect;
  target.model = model.substr(0, kMaxNameBytes);
  target.written_model = written;
  target.known = FindAiModel(model);
  if (target.known != nullptr) target.task = task.value_or(target.known->task);
  if (target.known == nullptr || target.known->task != target.task) {
    target.error = KnownAiError(5007, "No such model " + target.model + " or task");
  } else if (target.known->deprecated) {
    target.error = KnownAiError(5028);
  }
  return target;
}

AiTarget OtherProvider(std::string_view provider) {
  const bool known = std::find(std::begin(kOtherProviders), std::end(kOtherProviders), provider) !=
                     std::end(kOtherProviders);
  if (known || StartsWith(provider, "custom-")) return Gap("ai.provider");
  return Wrong(KnownAiError(2008));
}

AiTarget NoRoute(std::string_view endpoint) {
  return Wrong(KnownAiError(7003, "Could not route to " +
                                      std::string(endpoint.substr(0, kMaxNameBytes)) +
                                      ", perhaps your object identifier is invalid?"));
}

// What a path of OpenAI's is for, or of Anthropic's; nullopt: no such path.
std::optional<AiTask> TaskOf(std::string_view path) {
  // The service's own documentation writes it without the last letter too.
  if (path == "chat/completions" || path == "chat/completion") return AiTask::kChat;
  if (path == kResponsesPath || path == kMessagesPath) return AiTask::kChat;
  if (path == "embeddings") return AiTask::kEmbeddings;
  return std::nullopt;
}

AiDialect DialectOf(std::string_view path) {
  if (path == kResponsesPath) return AiDialect::kResponses;
  return path == kMessagesPath ? AiDialect::kMessages : AiDialect::kOpenAi;
}

AiTarget OfRoute(std::string_view route) {
  AiTarget target;
  target.route = route.substr(0, kMaxNameBytes);
  return target;
}

AiTarget WorkersAi(std::string_view endpoint, const Json& query, bool strict_run_path) {
  if (StartsWith(endpoint, "v1/")) {
    const std::string_view path = endpoint.substr(3);
    const auto task = TaskOf(path);
    if (!task) return NoRoute(endpoint);
    const std::string model = StringAt(query, "model");
    if (model.empty())
      return Wrong(KnownAiError(5006, "Bad input: Error: required properties at '/' are 'model'"));
    return OfModel(DialectOf(path), task, model, model);
  }
  std::string_view model = endpoint;
  const bool run = StartsWith(model, "run/");
  if (run) model.remove_prefix(4);
  if (!StartsWith(model, "@") || (strict_run_path && !run)) return NoRoute(endpoint);
  return OfModel(AiDialect::kNative, std::nullopt, model, model);
}

AiTarget Compat(std::string_view endpoint, const Json& query) {
  const auto task = TaskOf(endpoint);
  if (!task || DialectOf(endpoint) != AiDialect::kOpenAi) return NoRoute(endpoint);
  const std::string written = StringAt(query, "model");
  const std::size_t slash = written.find('/');
  const std::string_view provider = std::string_view(written).substr(0, slash);
  if (slash == std::string::npos) return Wrong(KnownAiError(2008));
  if (provider == "dynamic") return OfRoute(std::string_view(written).substr(slash + 1));
  if (provider != "workers-ai") return OtherProvider(provider);
  return OfModel(AiDialect::kOpenAi, task, std::string_view(written).substr(slash + 1), written);
}

}  // namespace

AiTarget ResolveTarget(std::string_view provider, std::string_view endpoint, const Json& query,
                       bool strict_run_path) {
  if (provider == "workers-ai") return WorkersAi(endpoint, query, strict_run_path);
  if (provider == "compat") return Compat(endpoint, query);
  return OtherProvider(provider);
}

AiTarget ResolveRestModel(std::string_view model) {
  AiTarget target = OfModel(AiDialect::kNative, std::nullopt, model, model);
  if (target.known == nullptr)
    target.error = KnownAiError(7003, "Model not found: " + target.model);
  return target;
}

}  // namespace mg::fake
