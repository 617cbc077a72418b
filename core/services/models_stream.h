// A streamed model answer on its way to the caller: every piece passes on as it came, while the
// timers run and what the stream says about itself is read (AIG-9, AIG-10, USG-5).
//
// Memory: one piece, and of the reading at most two frames.
// Thread-safety: one task at a time. Errors of Next: those of the stream it reads, and kTimeout for
// a stream that stalls or takes too long. After an error the stream behind it has been let go.
#pragma once
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "core/clients/chat_stream.h"
#include "core/ports/runtime.h"
#include "core/ports/transport.h"

namespace mg {

struct StreamLimits {
  Nanos between_chunks;
  Nanos total;  // from now on
};

enum class StreamEnd {
  kWhole,
  kTruncated,   // it ended without [DONE] and without a finish_reason
  kFailed,      // it reported an error
  kCut,         // the connection broke
  kStalled,     // nothing came for too long
  kTooLong,     // STREAM_MAX_SECONDS
  kCallerGone,  // before the end; nobody reads the rest
};
std::string_view StreamEndName(StreamEnd end);  // "whole", "truncated", ...

struct StreamReport {
  StreamEnd end = StreamEnd::kCallerGone;
  std::optional<TokenCounts> usage;
  std::string cause;  // for the log alone
};

class ModelStream final : public BodyStream {
 public:
  // `rest` follows `first`; null when `first` is all there is.
  ModelStream(std::string first, std::shared_ptr<BodyStream> rest, const StreamLimits& limits,
              Runtime& runtime);
  Result<std::string> Next(Instant deadline) override;

  const std::optional<AiFailure>& failure() const { return reader_.failure(); }
  // Final once Next has come to an end, or will not be called again.
  StreamReport report() const;

 private:
  Result<std::string> Ended();
  Result<std::string> Broken(const Error& error, Instant chunk_due);
  StreamEnd EndOf(const Error& error, Instant chunk_due) const;

  std::string first_;
  std::shared_ptr<BodyStream> rest_;  // null after the end
  const Nanos between_chunks_;
  const Instant total_due_;
  Runtime& runtime_;
  ChatStreamReader reader_;
  std::optional<StreamEnd> end_;
  std::optional<Error> error_;
};

}  // namespace mg
