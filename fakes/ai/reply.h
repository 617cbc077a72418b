// Where a model's words come from when they are not the built-in model's: fixtures, recordings,
// another server.
#pragma once
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/result.h"
#include "core/ports/cancel.h"
#include "core/ports/runtime.h"
#include "fakes/ai/errors.h"
#include "fakes/ai/model.h"
#include "fakes/ai/question.h"

namespace mg::fake {

struct ModelAsked {
  std::string_view model;  // "@cf/..."
  const ChatQuestion& question;
  std::string_view request_json;  // as OpenAI's chat request, without `model` and `stream`
  Instant first_byte;             // the answer must begin before this
  CancelToken& caller_gone;
};

// An answer while it is being said.
class SpokenAnswer {
 public:
  virtual ~SpokenAnswer() = default;
  // The next words as soon as there are any; nullopt when all is said. After an error, only errors.
  virtual Result<std::optional<std::string>> Next(Instant deadline) = 0;
  virtual const ModelAnswer& answer() const = 0;  // whole once Next said nullopt
};

// One of these; an answer when none of the others is set.
struct ModelReply {
  ModelAnswer answer;
  std::optional<AiError> error;
  bool late = false;     // it did not begin in time
  std::string gap = {};  // why this source cannot say
  std::shared_ptr<SpokenAnswer> spoken;
  struct Raw {  // to be passed on byte for byte
    int status = 200;
    std::string content_type, body;
  };
  std::optional<Raw> raw;
};

// Thread-safety: all members.
class ReplySource {
 public:
  virtual ~ReplySource() = default;
  virtual std::optional<ModelReply> Answer(const ModelAsked& asked) = 0;  // nullopt: ask another
};

// A query in either dialect as OpenAI's chat request, without `model` and `stream`: its keys
// sorted, what other servers do not know left out.
std::string OpenAiRequest(const Json& query, const ChatQuestion& question);

}  // namespace mg::fake
