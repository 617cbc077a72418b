#include "fakes/r2/content.h"

#include <algorithm>
#include <utility>

#include "fakes/r2/limits.h"

namespace mg::fake {
namespace {

class ContentStream final : public BodyStream {
 public:
  ContentStream(std::shared_ptr<const StoredContent> content, std::int64_t offset,
                std::int64_t size)
      : content_(std::move(content)), skip_(offset), left_(size) {}

  Result<std::string> Next(Instant) override {
    if (left_ <= 0) return std::string();
    while (index_ < content_->segments.size() && skip_ >= content_->segments[index_].size)
      skip_ -= content_->segments[index_++].size;
    if (index_ >= content_->segments.size()) return FromRow();
    const Segment& segment = content_->segments[index_];
    const std::int64_t size =
        std::min({segment.size - skip_, left_, static_cast<std::int64_t>(r2::kPieceBytes)});
    MG_TRY(piece, content_->blobs->Read(segment.blob, segment.offset + skip_,
                                        static_cast<std::size_t>(size)));
    skip_ += size;
    left_ -= size;
    return std::move(piece);
  }

 private:
  Result<std::string> FromRow() {
    const auto from = static_cast<std::size_t>(skip_);
    const auto size = static_cast<std::size_t>(std::exchange(left_, 0));
    if (from + size <= content_->body.size()) return content_->body.substr(from, size);
    return Error{Code::kInternal, "r2: an object is shorter than its row says", false};
  }

  const std::shared_ptr<const StoredContent> content_;
  std::size_t index_ = 0;
  std::int64_t skip_;  // of the segment at index_, or of the row's bytes
  std::int64_t left_;
};

}  // namespace

ContentWriter::~ContentWriter() {
  if (finished_ && !kept_ && writer_) blobs_->Remove({writer_->id()});
}

Status ContentWriter::Append(std::string_view bytes) {
  size_bytes_ += static_cast<std::int64_t>(bytes.size());
  if (!writer_) {
    start_.append(bytes);
    if (start_.size() <= r2::kInlineBytes) return Ok();
    writer_ = blobs_->Write();
    return writer_->Append(std::exchange(start_, {}));
  }
  return writer_->Append(bytes);
}

Result<NewContent> ContentWriter::Finish() {
  if (!writer_) return NewContent{{}, std::move(start_)};
  MG_RETURN_IF_ERROR(writer_->Finish());
  finished_ = true;
  return NewContent{{{writer_->id(), 0, size_bytes_}}, ""};
}

Result<Body> BodyOf(std::shared_ptr<const StoredContent> content, std::int64_t offset,
                    std::int64_t size) {
  auto stream = std::make_shared<ContentStream>(std::move(content), offset, size);
  Body body(std::move(stream), static_cast<std::uint64_t>(size));
  if (size > static_cast<std::int64_t>(r2::kInlineBytes)) return body;
  MG_RETURN_IF_ERROR(body.Buffer(r2::kInlineBytes, kNever));
  return body;
}

Status ForEachPiece(const std::shared_ptr<const StoredContent>& content, std::int64_t offset,
                    std::int64_t size, const std::function<Status(std::string_view)>& sink) {
  ContentStream stream(content, offset, size);
  while (true) {
    MG_TRY(piece, stream.Next(kNever));
    if (piece.empty()) return Ok();
    MG_RETURN_IF_ERROR(sink(piece));
  }
}

}  // namespace mg::fake
