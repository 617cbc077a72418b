#include "core/services/models_stream.h"

#include <algorithm>
#include <utility>

namespace mg {
namespace {

// What still comes after [DONE] is worth passing on, but not worth waiting for.
constexpr Nanos kAfterDone = std::chrono::seconds(1);

}  // namespace

std::string_view StreamEndName(StreamEnd end) {
  switch (end) {
    case StreamEnd::kWhole:
      return "whole";
    case StreamEnd::kTruncated:
      return "truncated";
    case StreamEnd::kFailed:
      return "failed";
    case StreamEnd::kCut:
      return "cut";
    case StreamEnd::kStalled:
      return "stalled";
    case StreamEnd::kTooLong:
      return "too_long";
    case StreamEnd::kCallerGone:
      return "caller_gone";
  }
  return "cut";
}

ModelStream::ModelStream(std::string first, std::shared_ptr<BodyStream> rest,
                         const StreamLimits& limits, Runtime& runtime)
    : first_(std::move(first)),
      rest_(std::move(rest)),
      between_chunks_(limits.between_chunks),
      total_due_(runtime.Now() + limits.total),
      runtime_(runtime) {
  reader_.Feed(first_);
}

Result<std::string> ModelStream::Next(Instant deadline) {
  if (!first_.empty()) return std::exchange(first_, {});
  if (error_) return *error_;
  if (!rest_) return Ended();
  const Instant now = runtime_.Now();
  const Instant chunk_due = now + (reader_.done() ? kAfterDone : between_chunks_);
  if (now >= total_due_)
    return Broken(Error{Code::kTimeout, "the stream took too long"}, chunk_due);
  auto piece = rest_->Next(std::min({deadline, chunk_due, total_due_}));
  if (!piece) return Broken(piece.error(), chunk_due);
  if (piece->empty()) return Ended();
  reader_.Feed(*piece);
  return piece;
}

Result<std::string> ModelStream::Ended() {
  rest_.reset();
  if (!end_) {
    reader_.End();
    end_ = reader_.finished() ? StreamEnd::kWhole : StreamEnd::kTruncated;
  }
  return std::string();
}

// After [DONE] nothing that happens to the connection is a loss.
Result<std::string> ModelStream::Broken(const Error& error, Instant chunk_due) {
  if (reader_.done()) return Ended();
  end_ = EndOf(error, chunk_due);
  error_ = error;
  if (end_ == StreamEnd::kStalled) error_ = Error{Code::kTimeout, "the stream stopped coming"};
  if (end_ == StreamEnd::kTooLong) error_ = Error{Code::kTimeout, "the stream took too long"};
  rest_.reset();
  return *error_;
}

StreamEnd ModelStream::EndOf(const Error& error, Instant chunk_due) const {
  const Instant now = runtime_.Now();
  if (error.code == Code::kCancelled) return StreamEnd::kCallerGone;
  if (now >= total_due_) return StreamEnd::kTooLong;
  return now >= chunk_due ? StreamEnd::kStalled : StreamEnd::kCut;
}

StreamReport ModelStream::report() const {
  StreamReport report;
  report.usage = reader_.usage();
  report.end = end_.value_or(reader_.done() ? StreamEnd::kWhole : StreamEnd::kCallerGone);
  if (error_) report.cause = error_->message;
  if (const auto& failure = reader_.failure()) {
    report.end = StreamEnd::kFailed;
    report.cause = "an error within the stream";
    if (failure->code) report.cause += ", code " + std::to_string(*failure->code);
  }
  return report;
}

}  // namespace mg
