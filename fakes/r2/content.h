// An object's bytes: pieces of blobs, and behind them what stands in its row. A short object is all
// row, a longer one all pieces; one that came in parts may end with a short part in the row.
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "core/http/message.h"
#include "fakes/r2/blobs.h"

namespace mg::fake {

// What a PUT has written, before any row names it.
struct NewContent {
  std::vector<Segment> segments;
  std::string body;
};

// Takes bytes as they come; at most r2::kInlineBytes of them are in memory. One task at a time.
class ContentWriter {
 public:
  explicit ContentWriter(std::shared_ptr<Blobs> blobs) : blobs_(std::move(blobs)) {}
  Status Append(std::string_view bytes);
  Result<NewContent> Finish();
  // Blobs are removed with the writer, unless a row has them by now.
  void Keep() { kept_ = true; }
  ~ContentWriter();
  ContentWriter(const ContentWriter&) = delete;
  ContentWriter& operator=(const ContentWriter&) = delete;

 private:
  const std::shared_ptr<Blobs> blobs_;
  std::string start_;
  std::unique_ptr<Blobs::Writer> writer_;
  std::int64_t size_bytes_ = 0;
  bool finished_ = false;
  bool kept_ = false;
};

// What a row names, to be read: it stays readable when the object is replaced meanwhile.
struct StoredContent {
  std::vector<Segment> segments;
  std::string body;
  std::shared_ptr<Blobs> blobs;
  std::shared_ptr<Blobs::Pin> pin;
  std::int64_t size_bytes = 0;
};

// Bytes when they are few, else a stream of pieces.
Result<Body> BodyOf(std::shared_ptr<const StoredContent> content, std::int64_t offset,
                    std::int64_t size);
// All of them to `sink`, piece by piece.
Status ForEachPiece(const std::shared_ptr<const StoredContent>& content, std::int64_t offset,
                    std::int64_t size, const std::function<Status(std::string_view)>& sink);

}  // namespace mg::fake
