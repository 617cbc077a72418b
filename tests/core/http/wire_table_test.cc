// fixtures/wire/http against both ends of the codec; the README there explains the format.
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>
#include <string_view>

#include "core/base/json.h"
#include "core/http/wire.h"

namespace mg::wire {
namespace {

Json Table(std::string_view name) {
  const char* source = std::getenv("MOLTGATE_SOURCE_DIR");
  const std::string path =
      std::string(source == nullptr ? "." : source) + "/fixtures/wire/http/" + std::string(name);
  std::stringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  const Result<Json> table = ParseJson(text.str());
  if (!table) ADD_FAILURE() << path << ": " << table.error().message;
  return table ? *table : Json::array();
}

// A text of the table says bytes by code points up to U+00FF, which UTF-8 writes in one or two.
std::string BytesOfText(const std::string& text) {
  std::string bytes;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if (byte < 0x80) {
      bytes += text[i];
    } else {
      ++i;
      bytes += static_cast<char>((byte & 0x03) << 6 | (text[i] & 0x3f));
    }
  }
  return bytes;
}

std::string Bytes(const Json& value) {
  if (value.is_string()) return BytesOfText(value.get<std::string>());
  std::string bytes;
  for (const Json& piece : value) {
    if (piece.is_string()) {
      bytes += Bytes(piece);
      continue;
    }
    const std::string repeated = Bytes(piece["repeat"]);
    for (int i = piece["times"].get<int>(); i > 0; --i) bytes += repeated;
  }
  return bytes;
}

std::string_view NameOf(Framing framing) {
  switch (framing) {
    case Framing::kNone:
      return "none";
    case Framing::kLength:
      return "length";
    case Framing::kChunked:
      return "chunked";
    case Framing::kUntilClose:
      return "until_close";
  }
  return "";
}

Json AsJson(const Headers& headers) {
  Json lines = Json::array();
  for (const Headers::Line& line : headers.lines()) {
    lines.push_back(Json::array({line.name, line.value}));
  }
  return lines;
}

Json AsJson(const RequestHead& head) {
  return {{"method", head.request.method},
          {"target", head.request.target},
          {"headers", AsJson(head.request.headers)},
          {"framing", NameOf(head.framing)},
          {"length", head.content_length},
          {"keep_alive", head.keep_alive},
          {"http_1_0", head.http_1_0},
          {"expects_continue", head.expects_continue}};
}

Json AsJson(const ResponseHead& head) {
  return {{"status", head.status},
          {"headers", AsJson(head.headers)},
          {"framing", NameOf(head.framing)},
          {"length", head.content_length},
          {"keep_alive", head.keep_alive}};
}

// What one end makes of the bytes of one connection, fed piece by piece.
struct Outcome {
  std::string verdict = "more";  // "more", "refused 400", "malformed", "whole"
  Json head;
  std::string body;
  std::string rest;
  bool whole_when_closed = false;
};

template <class Parse>
Outcome Feed(const std::string& bytes, std::size_t step, const Parse& parse) {
  Outcome outcome;
  std::optional<BodyDecoder> decoder;
  std::string& buffer = outcome.rest;
  for (std::size_t at = 0; at < bytes.size(); at += step) {
    buffer += bytes.substr(at, step);
    if (!decoder) {
      std::size_t consumed = 0;
      if (parse(buffer, consumed, decoder, outcome) == Progress::kRefused) return outcome;
      buffer.erase(0, consumed);
    }
    if (!decoder) continue;
    if (!decoder->done()) buffer.erase(0, decoder->Decode(buffer, outcome.body));
    if (decoder->malformed()) {
      outcome.verdict = "malformed";
      return outcome;
    }
    if (decoder->done()) outcome.verdict = "whole";
  }
  outcome.whole_when_closed = decoder && decoder->EndOfInput();
  return outcome;
}

Outcome FeedRequest(const std::string& bytes, std::size_t step) {
  const auto parse = [](std::string_view buffer, std::size_t& consumed,
                        std::optional<BodyDecoder>& decoder, Outcome& outcome) {
    RequestHead head;
    Refused refused;
    const Progress progress = ParseRequestHead(buffer, Limits{}, head, consumed, refused);
    if (progress == Progress::kRefused) {
      outcome.verdict = "refused " + std::to_string(refused.status);
      EXPECT_FALSE(refused.reason.empty());
    }
    if (progress == Progress::kDone) {
      decoder.emplace(head.framing, head.content_length);
      outcome.head = AsJson(head);
    }
    return progress;
  };
  Outcome outcome = Feed(bytes, step, parse);
  if (outcome.verdict == "malformed") outcome.verdict = "refused 400";
  return outcome;
}

Outcome FeedResponse(const std::string& bytes, std::size_t step, const std::string& method) {
  const auto parse = [&method](std::string_view buffer, std::size_t& consumed,
                               std::optional<BodyDecoder>& decoder, Outcome& outcome) {
    ResponseHead head;
    Refused refused;
    const Progress progress = ParseResponseHead(buffer, method, Limits{}, head, consumed, refused);
    if (progress == Progress::kRefused) outcome.verdict = "malformed";
    if (progress == Progress::kDone) {
      decoder.emplace(head.framing, head.content_length);
      outcome.head = AsJson(head);
    }
    return progress;
  };
  return Feed(bytes, step, parse);
}

void ExpectParts(const Json& row, const Outcome& outcome) {
  if (const Json* head = Find(row, "head")) {
    for (const auto& [key, wanted] : head->items()) {
      const Json* found = Find(outcome.head, key);
      if (found == nullptr) {
        ADD_FAILURE() << "no head, but " << outcome.verdict;
      } else if (key == "headers") {
        EXPECT_EQ(found->size(), wanted.size());
        for (std::size_t i = 0; i < std::min(found->size(), wanted.size()); ++i) {
          EXPECT_EQ((*found)[i][0].get<std::string>(), Bytes(wanted[i][0]));
          EXPECT_EQ((*found)[i][1].get<std::string>(), Bytes(wanted[i][1]));
        }
      } else {
        EXPECT_EQ(*found, wanted) << key;
      }
    }
  }
  if (const Json* body = Find(row, "body")) {
    EXPECT_EQ(outcome.body, Bytes(*body));
  }
  if (const Json* rest = Find(row, "rest")) {
    EXPECT_EQ(outcome.rest, Bytes(*rest));
  }
}

void CheckRequest(const Json& row, const Outcome& outcome) {
  std::string wanted = "whole";
  if (Find(row, "more") != nullptr) wanted = "more";
  if (Find(row, "refused") != nullptr) wanted = "refused " + row["refused"].dump();
  EXPECT_EQ(outcome.verdict, wanted);
  ExpectParts(row, outcome);
}

void CheckResponse(const Json& row, const Outcome& outcome) {
  const bool malformed = Find(row, "malformed") != nullptr;
  EXPECT_EQ(outcome.verdict == "malformed", malformed);
  if (!malformed) {
    EXPECT_EQ(outcome.whole_when_closed, Find(row, "truncated") == nullptr);
  }
  ExpectParts(row, outcome);
}

// Heads are scanned anew at each piece, so that long ones are not fed by single bytes.
std::size_t SmallStep(const std::string& bytes) {
  return bytes.size() < 2000 ? 1 : 997;
}

TEST(WireTable, EveryRequestHasItsOutcomeHoweverItIsSplit) {
  const Json table = Table("requests.json");
  ASSERT_GT(table.size(), 100u);
  for (const Json& row : table) {
    SCOPED_TRACE(StringAt(row, "name"));
    const std::string bytes = Bytes(row["bytes"]);
    CheckRequest(row, FeedRequest(bytes, std::max<std::size_t>(bytes.size(), 1)));
    CheckRequest(row, FeedRequest(bytes, SmallStep(bytes)));
    CheckRequest(row, FeedRequest(bytes, SmallStep(bytes) + 6));
  }
}

TEST(WireTable, EveryResponseHasItsOutcomeHoweverItIsSplit) {
  const Json table = Table("responses.json");
  ASSERT_GT(table.size(), 40u);
  for (const Json& row : table) {
    SCOPED_TRACE(StringAt(row, "name"));
    const std::string bytes = Bytes(row["bytes"]);
    const std::string method = StringAt(row, "request_method", "GET");
    CheckResponse(row, FeedResponse(bytes, std::max<std::size_t>(bytes.size(), 1), method));
    CheckResponse(row, FeedResponse(bytes, SmallStep(bytes), method));
    CheckResponse(row, FeedResponse(bytes, SmallStep(bytes) + 6, method));
  }
}

}  // namespace
}  // namespace mg::wire
