// The text models that the fake knows, with what they cost (wire/ai-gateway.md 5.6).
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

namespace mg::fake {

struct AiModel {
  std::string_view name;
  std::int64_t context_tokens;
  std::int64_t neurons_per_million_in;
  std::int64_t neurons_per_million_out;
  bool deprecated;
};

const AiModel* FindAiModel(std::string_view name);  // nullptr: no such model

// In millionths of a neuron.
std::int64_t MicroNeurons(const AiModel& model, std::int64_t tokens_in, std::int64_t tokens_out);
inline constexpr std::int64_t kPicodollarsPerMicroNeuron = 11;  // $0.011 for 1,000 neurons

// The cf-ai-neurons header: "0.25518".
std::string NeuronsText(std::int64_t micro_neurons);

}  // namespace mg::fake
