#include "fakes/ai/catalogue.h"

#include "core/base/json.h"

namespace mg::fake {
namespace {

constexpr AiModel Chat(std::string_view name, std::int64_t context_tokens, std::int64_t in,
                       std::int64_t out) {
  AiModel model;
  model.name = name;
  model.context_tokens = context_tokens;
  model.neurons_per_million_in = in;
  model.neurons_per_million_out = out;
  return model;
}
constexpr AiModel Signed(AiModel model) {
  model.signed_penalties = true;
  return model;
}
constexpr AiModel Vllm(AiModel model) {
  model.is_vllm = true;
  return model;
}
constexpr AiModel Deprecated(AiModel model) {
  model.deprecated = true;
  return model;
}
constexpr AiModel Embeddings(std::string_view name, std::int64_t in, std::size_t dimensions,
                             std::string_view pooling) {
  AiModel model = Chat(name, 0, in, 0);
  model.task = AiTask::kEmbeddings;
  model.dimensions = dimensions;
  model.pooling = pooling;
  return model;
}

// UNCONFIRMED: figures of all but the first two, and the name of gemma, whose documentation
// promises 256,000 tokens of context.
constexpr AiModel kModels[] = {
    Chat("@cf/meta/llama-3.1-8b-instruct-fp8-fast", 128'000, 4'119, 34'868),
    Signed(Chat("@cf/meta/llama-3.3-70b-instruct-fp8-fast", 24'000, 26'668, 204'805)),
    Chat("@cf/meta/llama-3.1-8b-instruct-fp8", 32'000, 13'778, 26'128),
    Chat("@cf/meta/llama-3.2-3b-instruct", 80'000, 4'625, 30'475),
    Vllm(Chat("@cf/meta/llama-4-scout-17b-16e-instruct", 131'000, 24'545, 77'273)),
    Vllm(Chat("@cf/openai/gpt-oss-20b", 128'000, 18'182, 27'273)),
    Vllm(Chat("@cf/openai/gpt-oss-120b", 128'000, 31'818, 68'182)),
    Vllm(Chat("@cf/google/gemma-4-26b-a4b-it", 131'072, 9'091, 27'273)),
    Deprecated(Chat("@cf/meta/llama-3.1-8b-instruct", 8'000, 25'608, 75'147)),
    Embeddings("@cf/baai/bge-small-en-v1.5", 1'841, 384, "mean"),
    Embeddings("@cf/baai/bge-base-en-v1.5", 6'058, 768, "mean"),
    Embeddings("@cf/baai/bge-large-en-v1.5", 18'582, 1024, "mean"),
    Embeddings("@cf/baai/bge-m3", 1'075, 1024, "cls"),
    Embeddings("@cf/qwen/qwen3-embedding-0.6b", 1'075, 1024, "mean"),
    Embeddings("@cf/google/embeddinggemma-300m", 1'075, 768, "mean"),
};

constexpr std::int64_t kMillion = 1'000'000;

double DollarsPerToken(std::int64_t neurons_per_million) {
  return static_cast<double>(neurons_per_million * kPicodollarsPerMicroNeuron) / 1e12;
}

std::string ListJson() {
  Json data = Json::array();
  for (const AiModel& model : kModels) {
    if (model.deprecated) continue;
    data.push_back({{"id", "workers-ai/" + std::string(model.name)},
                    {"object", "model"},
                    {"created", 0},
                    {"owned_by", "workers-ai"},
                    {"cost_in", DollarsPerToken(model.neurons_per_million_in)},
                    {"cost_out", DollarsPerToken(model.neurons_per_million_out)}});
  }
  return DumpJson({{"object", "list"}, {"data", std::move(data)}});
}

}  // namespace

std::span<const AiModel> AiModels() {
  return kModels;
}

const AiModel* FindAiModel(std::string_view name) {
  for (const AiModel& model : kModels)
    if (model.name == name) return &model;
  return nullptr;
}

std::int64_t MicroNeurons(const AiModel& model, std::int64_t tokens_in, std::int64_t tokens_out) {
  return tokens_in * model.neurons_per_million_in + tokens_out * model.neurons_per_million_out;
}

std::string NeuronsText(std::int64_t micro_neurons) {
  std::string fraction = std::to_string(micro_neurons % kMillion);
  fraction.insert(0, 6 - fraction.size(), '0');
  while (fraction.size() > 1 && fraction.back() == '0') fraction.pop_back();
  return std::to_string(micro_neurons / kMillion) + "." + fraction;
}

const std::string& AiModelListJson() {
  static const std::string json = ListJson();
  return json;
}

}  // namespace mg::fake
