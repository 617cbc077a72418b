#include "core/adapters/answer.h"

#include <sys/socket.h>

#include <optional>
#include <utility>

#include "core/base/json_text.h"
#include "core/http/wire.h"

namespace mg {
namespace {

class Writer {
 public:
  Writer(const AnswerTarget& to, const Runtime& runtime) : to_(to), runtime_(runtime) {}

  Answered Whole(std::string_view head, std::string_view body);
  Answered Stream(std::string_view head, const Body& body);

 private:
  bool Send(std::string_view bytes);
  Answered Cut(std::string why);

  const AnswerTarget& to_;
  const Runtime& runtime_;
  std::string why_not_sent_;
};

Answered Writer::Whole(std::string_view head, std::string_view body) {
  if (!to_.io->Send(head, body)) return {Answered::How::kCut, {}, kCallerHungUp};
  if (head.empty() && body.empty()) return {};
  return {Answered::How::kRest, std::string(head).append(body), {}};
}

bool Writer::Send(std::string_view bytes) {
  switch (to_.io->SendAll(bytes, {}, to_.patience, runtime_)) {
    case Sent::kAll:
      return true;
    case Sent::kTimedOut:
      why_not_sent_ = kCallerTakesNothing;
      return false;
    case Sent::kBroken:
      why_not_sent_ = kCallerHungUp;
      return false;
  }
  return false;
}

Answered Writer::Cut(std::string why) {
  if (to_.http_1_0) {
    // Without any framing an orderly close would look like the end of the body: send a reset.
    const linger abort{1, 0};
    ::setsockopt(to_.io->fd(), SOL_SOCKET, SO_LINGER, &abort, sizeof abort);
  }
  return {Answered::How::kCut, {}, std::move(why)};
}

Answered Writer::Stream(std::string_view head, const Body& body) {
  if (!Send(head)) return {Answered::How::kCut, {}, why_not_sent_};
  const std::optional<std::uint64_t> length = body.length();
  const bool chunked = !length && !to_.http_1_0;
  std::uint64_t sent = 0;
  while (true) {
    const Result<std::string> piece = body.stream()->Next(kNever);
    if (!piece) return Cut(piece.error().message);
    if (piece->empty()) break;
    sent += piece->size();
    if (length && sent > *length) return Cut("the body is longer than its length");
    if (!Send(chunked ? wire::ChunkText(*piece) : *piece))
      return {Answered::How::kCut, {}, why_not_sent_};
  }
  if (length && sent < *length) return Cut("the body is shorter than its length");
  return Whole(chunked ? wire::kLastChunk : "", {});
}

bool HasBody(int status, std::string_view method) {
  return status >= 200 && status != 204 && status != 304 && method != "HEAD";
}

}  // namespace

Result<Answered> WriteAnswer(const AnswerTarget& to, const Response& response, bool keep_alive,
                             const Runtime& runtime) {
  MG_TRY(head, wire::ResponseHeadText(response, to.method, to.http_1_0, keep_alive));
  Writer writer(to, runtime);
  if (!HasBody(response.status, to.method)) return writer.Whole(head, {});
  if (response.body.is_stream()) return writer.Stream(head, response.body);
  return writer.Whole(head, response.body.bytes());
}

Response ServerAnswer(int status, std::string_view sentence, std::string_view code) {
  std::string json = "{\"error\":";
  AppendJsonString(json, sentence);
  json += ",\"code\":";
  AppendJsonString(json, code);
  json += '}';
  Response response = JsonResponse(status, std::move(json));
  response.headers.Set("cache-control", "no-store");  // 414 and 501 could be kept otherwise
  return response;
}

}  // namespace mg
