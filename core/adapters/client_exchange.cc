#include "core/adapters/client_exchange.h"

#include <algorithm>
#include <utility>

#include "core/adapters/client_body.h"

namespace mg {
namespace {

constexpr int kMaxInterimAnswers = 8;
constexpr Nanos kDuplexWriteTime = std::chrono::seconds(30);

class ClientDuplex final : public Duplex {
 public:
  ClientDuplex(std::unique_ptr<ClientSocket> socket, std::string leftover, const Runtime& runtime)
      : socket_(std::move(socket)), leftover_(std::move(leftover)), runtime_(runtime) {}

  Result<std::string> Read(Instant deadline) override {
    if (!leftover_.empty()) return std::exchange(leftover_, {});
    std::string bytes;
    const Got got = socket_->Receive(deadline, bytes);
    if (got == Got::kBytes) return bytes;
    if (socket_->hung_up()) return Error{Code::kCancelled, "closed from this side"};
    if (got == Got::kEnd) return bytes;
    if (got == Got::kNothing)
      return Error{Code::kTimeout, "nothing came before the deadline", true};
    return Error{Code::kUnavailable, "the connection is broken"};
  }

  Status Write(std::string_view bytes) override {
    const auto sent = socket_->Send(bytes, {}, runtime_.Now() + kDuplexWriteTime);
    if (sent == ClientSocket::Progress::kAll) return Ok();
    if (socket_->hung_up()) return Error{Code::kCancelled, "closed from this side"};
    if (sent == ClientSocket::Progress::kTimedOut) {
      return Error{Code::kUnknownOutcome, "the peer takes no bytes"};
    }
    return Error{Code::kUnavailable, "the connection is broken"};
  }

  void Close() override { socket_->HangUp(); }

 private:
  std::unique_ptr<ClientSocket> socket_;
  std::string leftover_;
  const Runtime& runtime_;
};

}  // namespace

bool IsIdempotent(std::string_view method) {
  return method == "GET" || method == "HEAD" || method == "PUT" || method == "DELETE" ||
         method == "OPTIONS";
}

ClientExchange::ClientExchange(std::unique_ptr<ClientSocket> socket, const Request& request,
                               const Deadlines& deadlines, CancelToken& cancel,
                               const Runtime& runtime)
    : socket_(std::move(socket)),
      request_(request),
      deadlines_(deadlines),
      runtime_(runtime),
      head_deadline_(std::min(deadlines.first_byte, deadlines.total)) {
  socket_->MarkUnsent();
  socket_->EndOn(cancel);
}

Status ClientExchange::Run(std::string_view head_text) {
  MG_RETURN_IF_ERROR(SendRequest(head_text));
  return ReadHead();
}

Status ClientExchange::SendRequest(std::string_view head_text) {
  Progress how = Progress::kAll;
  if (request_.body.is_stream()) {
    MG_TRY(progress, SendStream(head_text));
    how = progress;
  } else {
    how = socket_->SendUnlessAnswered(head_text, request_.body.bytes(), head_deadline_);
  }
  request_whole_ = how == Progress::kAll;
  if (how == Progress::kAll || how == Progress::kAnswered) return Ok();
  // A server that refuses early answers first and closes then: its answer may be here.
  if (how == Progress::kBroken && socket_->sent_any() && !socket_->hung_up()) {
    const Status answered = ReadHead();
    if (answered) return Ok();
    if (!received_.empty()) return answered.error();
    ended_unanswered_ = true;
  }
  return SendFailure(how);
}

// Errors of the stream itself come back as they are; nothing whole was sent then.
Result<ClientSocket::Progress> ClientExchange::SendStream(std::string_view head_text) {
  const bool chunked = !request_.body.length();
  Progress how = socket_->SendUnlessAnswered(head_text, {}, head_deadline_);
  while (how == Progress::kAll) {
    MG_TRY(piece, request_.body.stream()->Next(head_deadline_));
    if (piece.empty()) {
      return chunked ? socket_->SendUnlessAnswered(wire::kLastChunk, {}, head_deadline_)
                     : Progress::kAll;
    }
    how = socket_->SendUnlessAnswered(chunked ? wire::ChunkText(piece) : piece, {}, head_deadline_);
  }
  return how;
}

Error ClientExchange::SendFailure(Progress how) {
  if (socket_->hung_up()) return Error{Code::kCancelled, "cancelled while sending"};
  const bool may_have_happened = socket_->sent_any() && !IsIdempotent(request_.method);
  if (how == Progress::kTimedOut) {
    if (may_have_happened) return Error{Code::kUnknownOutcome, "timed out while sending"};
    return Error{Code::kTimeout, "timed out while sending", true};
  }
  ended_unanswered_ = true;
  if (may_have_happened) return Error{Code::kUnknownOutcome, "the connection broke while sending"};
  return Error{Code::kUnavailable, "the connection broke while sending", true};
}

Status ClientExchange::ReadHead() {
  int interim_answers = 0;
  std::size_t looked_at = 0;
  while (true) {
    std::size_t consumed = 0;
    wire::Refused refused;
    wire::Progress progress = wire::Progress::kMore;
    if (WorthALook(received_, looked_at)) {
      looked_at = received_.size();
      progress = wire::ParseResponseHead(received_, request_.method, {}, head_, consumed, refused);
    }
    if (progress == wire::Progress::kRefused) {
      return Error{Code::kCorrupt, "the answer is malformed: " + refused.reason};
    }
    if (progress == wire::Progress::kDone) {
      received_.erase(0, consumed);
      looked_at = 0;
      if (head_.status >= 200 || head_.status == 101) return Ok();
      if (++interim_answers > kMaxInterimAnswers) {
        return Error{Code::kCorrupt, "too many interim answers"};
      }
      continue;
    }
    const Got got = socket_->Receive(head_deadline_, received_);
    if (got != Got::kBytes) return AnswerFailure(got);
  }
}

Error ClientExchange::AnswerFailure(Got how) {
  if (socket_->hung_up()) return Error{Code::kCancelled, "cancelled while waiting for the answer"};
  const bool repeatable = IsIdempotent(request_.method);
  if (how == Got::kNothing) {
    return Error{Code::kUnknownOutcome, "no answer in time", repeatable};
  }
  ended_unanswered_ = received_.empty();
  return Error{Code::kUnknownOutcome, "the connection ended before a whole answer", repeatable};
}

Result<Response> ClientExchange::TakeResponse(std::shared_ptr<ConnectionPool> pool,
                                              const std::string& origin) {
  Response response;
  response.status = head_.status;
  response.headers = std::move(head_.headers);
  PoolPlace place{std::move(pool), origin, head_.keep_alive && request_whole_};
  wire::BodyDecoder decoder(head_.framing, head_.content_length);
  std::string ready;
  const std::size_t taken = decoder.Decode(received_, ready);
  if (decoder.malformed()) return Error{Code::kCorrupt, "the answer's body is malformed"};
  if (decoder.done()) {
    place.Return(std::move(socket_), taken < received_.size());
    response.body = Body(std::move(ready));
    return response;
  }
  std::optional<std::uint64_t> length;
  if (head_.framing == wire::Framing::kLength) length = head_.content_length;
  response.body = Body(std::make_shared<ClientBody>(std::move(socket_), decoder, std::move(ready),
                                                    deadlines_, std::move(place)),
                       length);
  return response;
}

std::unique_ptr<Duplex> ClientExchange::TakeDuplex() {
  return std::make_unique<ClientDuplex>(std::move(socket_), std::move(received_), runtime_);
}

}  // namespace mg
