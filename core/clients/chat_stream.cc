#include "core/clients/chat_stream.h"

#include <algorithm>

#include "core/base/bytes.h"
#include "core/base/json.h"

namespace mg {
namespace {

constexpr std::size_t kMaxFrameBytes = std::size_t{64} << 10;

bool Contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

// Nearly every chunk has `"finish_reason":null`, which says nothing.
bool MayFinish(std::string_view data) {
  constexpr std::string_view kKey = "\"finish_reason\"";
  for (std::size_t at = data.find(kKey); at != std::string_view::npos; at = data.find(kKey, at)) {
    at += kKey.size();
    std::string_view value = TrimSpace(data.substr(at, 64));
    if (!value.empty() && value.front() == ':') value = TrimSpace(value.substr(1));
    if (value.substr(0, 4) != "null") return true;
  }
  return false;
}

bool HasFinishReason(const Json& object) {
  return !StringAt(object, "finish_reason").empty();
}

bool Finishes(const Json& frame) {
  if (HasFinishReason(frame)) return true;
  const Json* choices = Find(frame, "choices");
  return choices != nullptr && choices->is_array() &&
         std::any_of(choices->begin(), choices->end(), HasFinishReason);
}

}  // namespace

ChatStreamReader::ChatStreamReader()
    : events_(kMaxFrameBytes, [this](std::string_view data) { ReadFrame(data); }) {}

std::optional<TokenCounts> ChatStreamReader::usage() const {
  if (!usage_.in || !usage_.out) return std::nullopt;
  return TokenCounts{*usage_.in, *usage_.out};
}

// Most frames are text alone, and are not parsed.
void ChatStreamReader::ReadFrame(std::string_view data) {
  any_frame_ = true;
  if (TrimSpace(data) == "[DONE]") {
    done_ = true;
    return;
  }
  const bool may_finish = !finished_ && MayFinish(data);
  if (!may_finish && !Contains(data, "usage\"") && !Contains(data, "\"error")) return;
  const auto frame = ParseJson(data);
  if (!frame || !frame->is_object()) return;
  finished_ = finished_ || Finishes(*frame);
  ReadUsageOf(*frame);
  if (!failure_) failure_ = AiFailureOf(*frame);
}

void ChatStreamReader::ReadUsageOf(const Json& frame) {
  const UsagePart part = ReadUsage(frame);
  const bool zeros = part.in.value_or(0) == 0 && part.out.value_or(0) == 0;
  const bool counted = usage_.in.value_or(0) > 0 || usage_.out.value_or(0) > 0;
  if (zeros && counted) return;
  if (part.in) usage_.in = part.in;
  if (part.out) usage_.out = part.out;
}

}  // namespace mg
