// Answers of another model on disk: kept as they come, and given again to the same question. One
// file a question, <folder>/<key>.json, with request and answer, readable by its owner alone.
//
// Thread-safety: all members. Ownership: what they are made with outlives them and every answer.
#pragma once
#include <memory>
#include <string>

#include "core/ports/disk.h"
#include "fakes/ai/reply.h"

namespace mg::fake {

// Of the model and the request, whether it was streamed or not.
std::string RecordingKey(const ModelAsked& asked);

class AiRecorder final : public ReplySource {
 public:
  AiRecorder(std::shared_ptr<ReplySource> from, std::string folder, Disk& disk)
      : from_(std::move(from)), folder_(std::move(folder)), disk_(disk) {}
  // What cannot be written is answered all the same.
  std::optional<ModelReply> Answer(const ModelAsked& asked) override;

 private:
  const std::shared_ptr<ReplySource> from_;
  const std::string folder_;
  Disk& disk_;
};

class AiReplay final : public ReplySource {
 public:
  AiReplay(std::string folder, Disk& disk) : folder_(std::move(folder)), disk_(disk) {}
  // nullopt for a question that was never recorded; a broken file is a gap that names it.
  std::optional<ModelReply> Answer(const ModelAsked& asked) override;

 private:
  const std::string folder_;
  Disk& disk_;
};

// The last source where nothing else may answer.
class NoOtherAnswer final : public ReplySource {
 public:
  std::optional<ModelReply> Answer(const ModelAsked& asked) override;
};

}  // namespace mg::fake
