// OpenAI's chat completion, whole or in chunks, as a model's answer.
#pragma once
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "fakes/ai/model.h"

namespace mg::fake {

// Errors: kCorrupt. Counts tokens itself where `usage` is missing, those of the prompt apart.
Result<ModelAnswer> AnswerOfCompletion(std::string_view json);
std::string CompletionOfAnswer(const ModelAnswer& answer);  // AnswerOfCompletion reads it back

// Takes a stream apart, event by event. Bounded: an event of over a megabyte is an error.
class CompletionReader {
 public:
  // Appends what was said in these bytes to `words`. Errors: kCorrupt.
  Status Feed(std::string_view bytes, std::string& words);
  bool done() const { return done_; }          // [DONE] came
  bool finished() const { return finished_; }  // or at least a finish_reason
  const ModelAnswer& Finish();                 // the answer, with tokens counted where nobody did

 private:
  Status Line(std::string_view line, std::string& words);

  std::string line_;  // not whole yet
  bool done_ = false, finished_ = false, counted_ = false;
  ModelAnswer answer_;
};

}  // namespace mg::fake
