#include "fakes/ai_catalogue.h"

namespace mg::fake {
namespace {

// UNCONFIRMED: figures of all but the first two.
constexpr AiModel kModels[] = {
    {"@cf/meta/llama-3.1-8b-instruct-fp8-fast", 128'000, 4'119, 34'868, false},
    {"@cf/meta/llama-3.3-70b-instruct-fp8-fast", 24'000, 26'668, 204'805, false},
    {"@cf/meta/llama-3.1-8b-instruct-fp8", 32'000, 13'778, 26'128, false},
    {"@cf/meta/llama-4-scout-17b-16e-instruct", 131'000, 24'545, 77'273, false},
    {"@cf/openai/gpt-oss-20b", 128'000, 18'182, 27'273, false},
    {"@cf/openai/gpt-oss-120b", 128'000, 31'818, 68'182, false},
    {"@cf/meta/llama-3.1-8b-instruct", 8'000, 25'608, 75'147, true},
};

constexpr std::int64_t kMillion = 1'000'000;

}  // namespace

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

}  // namespace mg::fake
