#include "fakes/r2/object_headers.h"

#include "core/base/bytes.h"
#include "core/base/time_text.h"
#include "fakes/r2/dates.h"
#include "fakes/r2/digests.h"
#include "fakes/r2/limits.h"

namespace mg::fake {
namespace {

constexpr std::string_view kMetadataPrefix = "x-amz-meta-";
constexpr std::string_view kStorageClass = "x-amz-storage-class";
constexpr std::string_view kDefaultType = "application/octet-stream";
constexpr std::string_view kStored[] = {"content-type",     "content-encoding",
                                        "content-language", "content-disposition",
                                        "cache-control",    "expires"};

bool StartsWith(std::string_view text, std::string_view start) {
  return text.substr(0, start.size()) == start;
}

// aws-chunked says how the body came, not what it is.
std::string WithoutAwsChunked(std::string_view encodings) {
  std::string kept;
  for (const std::string_view part : Split(encodings, ',')) {
    const std::string_view one = TrimSpace(part);
    if (EqualsIgnoreCase(one, "aws-chunked") || one.empty()) continue;
    kept.append(kept.empty() ? "" : ",").append(one);
  }
  return kept;
}

std::optional<std::string> DecodedQ(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '_') {
      out += ' ';
    } else if (text[i] == '=') {
      const auto byte = HexDecode(text.substr(i + 1, 2));
      if (!byte || byte->size() != 1) return std::nullopt;
      out += *byte;
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out;
}

// The word that starts here, and how long its spelling is.
std::optional<std::string> Word(std::string_view text, std::size_t& size) {
  if (!StartsWith(text, "=?")) return std::nullopt;
  const std::size_t charset = text.find('?', 2);
  if (charset == std::string_view::npos || charset + 2 >= text.size()) return std::nullopt;
  if (!EqualsIgnoreCase(text.substr(2, charset - 2), "utf-8") || text[charset + 2] != '?')
    return std::nullopt;
  const std::size_t end = text.find("?=", charset + 3);
  if (end == std::string_view::npos) return std::nullopt;
  const std::string_view coded = text.substr(charset + 3, end - charset - 3);
  size = end + 2;
  const char kind = text[charset + 1];
  if (kind == 'B' || kind == 'b') return Base64Decode(coded);
  return kind == 'Q' || kind == 'q' ? DecodedQ(coded) : std::nullopt;
}

}  // namespace

std::string DecodedWords(std::string_view value) {
  std::string out;
  std::size_t plain_from = 0;  // what has come since the last word
  bool after_word = false;
  for (std::size_t i = 0; i < value.size();) {
    std::size_t size = 0;
    const auto word = Word(value.substr(i), size);
    if (!word) {
      ++i;
      continue;
    }
    const std::string_view between = value.substr(plain_from, i - plain_from);
    // White space between two words is not text.
    if (!after_word || !TrimSpace(between).empty()) out += between;
    out += *word;
    i += size;
    plain_from = i;
    after_word = true;
  }
  out += value.substr(plain_from);
  return out;
}

Headers StoredHeaders(const Headers& sent) {
  Headers stored;
  for (const std::string_view name : kStored) {
    if (!sent.Has(name)) continue;
    const std::string_view value = sent.Get(name);
    const std::string kept =
        name == "content-encoding" ? WithoutAwsChunked(value) : std::string(value);
    if (!kept.empty()) stored.Set(name, kept);
  }
  for (const Headers::Line& line : sent.lines()) {
    const std::string name = AsciiLower(line.name);
    if (StartsWith(name, kMetadataPrefix)) stored.Set(name, line.value);
  }
  if (sent.Get(kStorageClass) == "STANDARD_IA") stored.Set(kStorageClass, "STANDARD_IA");
  return stored;
}

bool MetadataFits(const Headers& stored) {
  std::size_t bytes = 0;
  for (const Headers::Line& line : stored.lines()) {
    if (!StartsWith(line.name, kMetadataPrefix)) continue;
    bytes += line.name.size() - kMetadataPrefix.size() + DecodedWords(line.value).size();
  }
  return bytes <= r2::kMaxMetadataBytes;
}

void AddObjectHeaders(const R2Object& object, Response& response) {
  for (const Headers::Line& line : object.headers.lines()) {
    const bool said = line.name != kStorageClass || r2::kReturnsStorageClass;
    if (said && !AlgorithmOfHeader(line.name)) response.headers.Add(line.name, line.value);
  }
  if (!response.headers.Has("content-type")) response.headers.Set("content-type", kDefaultType);
  response.headers.Set("etag", Quoted(object.etag));
  response.headers.Set("last-modified", HttpDate(object.modified_ms / 1000));
  response.headers.Set("accept-ranges", "bytes");
}

void AddChecksums(const R2Object& object, Response& response) {
  for (const Headers::Line& line : object.headers.lines())
    if (AlgorithmOfHeader(line.name)) response.headers.Set(line.name, line.value);
}

void OverrideHeaders(const S3Query& query, Response& response) {
  for (const std::string_view name : kStored) {
    const std::string* value = query.Find("response-" + std::string(name));
    if (value == nullptr) continue;
    const bool one_line =
        value->find_first_of("\r\n") == std::string::npos && value->find('\0') == std::string::npos;
    if (one_line) response.headers.Set(name, *value);
  }
}

std::string Quoted(const std::string& etag) {
  return "\"" + etag + "\"";
}

}  // namespace mg::fake
