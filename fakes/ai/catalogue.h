// The models that the fake knows, with what they cost (wire/ai-gateway.md 5.4, 5.6).
#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace mg::fake {

enum class AiTask { kChat, kEmbeddings };

struct AiModel {
  std::string_view name;
  AiTask task = AiTask::kChat;
  std::int64_t context_tokens = 0;  // as enforced; 0 for embeddings
  std::int64_t neurons_per_million_in = 0;
  std::int64_t neurons_per_million_out = 0;
  bool deprecated = false;
  // Newer ones speak OpenAI's form even where Workers AI's own is asked for, their last frame
  // excepted, and refuse as vLLM does.
  bool is_vllm = false;
  bool signed_penalties = false;  // frequency and presence from -2, top_p from 0.001 to 1
  std::size_t dimensions = 0;     // of embeddings
  std::string_view pooling;       // their default
};

std::span<const AiModel> AiModels();
const AiModel* FindAiModel(std::string_view name);  // nullptr: no such model

// In millionths of a neuron.
std::int64_t MicroNeurons(const AiModel& model, std::int64_t tokens_in, std::int64_t tokens_out);
inline constexpr std::int64_t kPicodollarsPerMicroNeuron = 11;  // $0.011 for 1,000 neurons

// The cf-ai-neurons header: "0.25518".
std::string NeuronsText(std::int64_t micro_neurons);

// Of compat/v1/models: {"object": "list", "data": [...]}, prices in dollars a token.
const std::string& AiModelListJson();

}  // namespace mg::fake
