// Embeddings: vectors of length one, the same for the same text, and near for texts that share
// words.
#include <cmath>
#include <cstdint>
#include <cstring>
#include <vector>

#include "core/base/bytes.h"
#include "core/base/json.h"
#include "fakes/ai/answers.h"

namespace mg::fake {
namespace {

constexpr int kPlacesPerToken = 24;

std::uint64_t HashOf(std::string_view text) {
  std::uint64_t hash = 0xcbf29ce484222325ULL;
  for (const char c : text) {
    const bool upper = c >= 'A' && c <= 'Z';
    hash ^= static_cast<unsigned char>(upper ? c - 'A' + 'a' : c);
    hash *= 0x100000001b3ULL;
  }
  return hash;
}

std::uint64_t Mixed(std::uint64_t z) {
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
  return z ^ (z >> 31);
}

// Each word adds or takes one at places that its hash says.
std::vector<double> VectorOf(std::string_view text, const AiModel& model) {
  std::vector<double> vector(model.dimensions);
  const std::uint64_t salt = HashOf(model.name);
  for (const std::string_view piece : TokenPieces(text)) {
    std::uint64_t state = HashOf(TrimSpace(piece)) ^ salt;
    for (int i = 0; i < kPlacesPerToken; ++i) {
      state = Mixed(state + 0x9e3779b97f4a7c15ULL);
      vector[(state >> 1) % vector.size()] += (state & 1U) == 0 ? 1 : -1;
    }
  }
  double squares = 0;
  for (const double value : vector) squares += value * value;
  if (squares == 0) squares = vector[0] = 1;
  const double length = std::sqrt(squares);
  for (double& value : vector) value = std::round(value / length * 1e6) / 1e6;
  return vector;
}

std::string Base64Floats(const std::vector<double>& vector) {
  std::string bytes(vector.size() * sizeof(float), '\0');
  for (std::size_t i = 0; i < vector.size(); ++i) {
    const auto value = static_cast<float>(vector[i]);
    std::memcpy(bytes.data() + i * sizeof(float), &value, sizeof(float));
  }
  return Base64Encode(bytes);
}

std::string NativeEmbeddings(const EmbeddingQuestion& question, const AiModel& model) {
  Json data = Json::array();
  for (const std::string& text : question.texts) data.push_back(VectorOf(text, model));
  Json result = {{"shape", {question.texts.size(), model.dimensions}},
                 {"data", std::move(data)},
                 {"pooling", question.pooling}};
  if (model.pooling == "cls") {  // bge-m3 says more
    result["response"] = nullptr;
    result["meta"] = Json::object();
  }
  return DumpJson({{"result", std::move(result)},
                   {"success", true},
                   {"errors", Json::array()},
                   {"messages", Json::array()}});
}

}  // namespace

std::string EmbeddingBody(const EmbeddingQuestion& question, const AiModel& model,
                          const AiVoice& voice) {
  if (voice.dialect == AiDialect::kNative) return NativeEmbeddings(question, model);
  Json data = Json::array();
  for (const std::string& text : question.texts) {
    const std::vector<double> vector = VectorOf(text, model);
    const Json embedding = question.base64 ? Json(Base64Floats(vector)) : Json(vector);
    data.push_back(
        {{"object", "embedding"}, {"index", data.size()}, {"embedding", std::move(embedding)}});
  }
  return DumpJson(
      {{"object", "list"},
       {"data", std::move(data)},
       {"model", voice.model},
       {"usage",
        {{"prompt_tokens", question.prompt_tokens}, {"total_tokens", question.prompt_tokens}}}});
}

}  // namespace mg::fake
