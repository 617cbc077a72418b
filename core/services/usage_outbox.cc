#include "core/services/usage_outbox.h"

#include <algorithm>
#include <utility>

#include "core/base/bytes.h"
#include "core/base/ids.h"
#include "core/base/json.h"
#include "core/base/json_text.h"

namespace mg {
namespace {

// A model's name is the one text here whose length somebody else decides.
constexpr std::size_t kMaxModelBytes = 256;
constexpr std::size_t kTypicalLineBytes = 256;

// What follows the path in a segment's name: ".1764100000000.9f86d081".
constexpr std::size_t kTimeDigits = 13;
constexpr std::int64_t kLatestMs = 9'999'999'999'999;
constexpr std::size_t kRandomBytes = 4;

// Other files whose names begin alike are not ours to send and remove.
bool IsSegment(std::string_view suffix) {
  const auto all = [](std::string_view text, std::string_view allowed) {
    return text.find_first_not_of(allowed) == text.npos;
  };
  return suffix.size() == 1 + kTimeDigits + 1 + 2 * kRandomBytes && suffix[0] == '.' &&
         suffix[1 + kTimeDigits] == '.' && all(suffix.substr(1, kTimeDigits), "0123456789") &&
         all(suffix.substr(2 + kTimeDigits), "0123456789abcdef");
}

// Checked here, so that one bad line cannot make D1 refuse its whole batch for ever.
bool IsUsageLine(std::string_view line) {
  const Result<Json> parsed = ParseJson(line);
  if (!parsed || !parsed->is_object()) return false;
  for (const char* name : {"tokens_in", "tokens_out", "latency_ms", "created_at"}) {
    const Json* number = Find(*parsed, name);
    if (number == nullptr || !number->is_number_integer()) return false;
  }
  return IsUuid(StringAt(*parsed, "id")) && !StringAt(*parsed, "tenant_id").empty() &&
         !StringAt(*parsed, "model").empty();
}

// A write that failed may have left half a line, which must not swallow the next row.
std::string OnLinesOfTheirOwn(const std::vector<std::string>& rows) {
  std::string text = "\n";
  for (const std::string& row : rows) {
    text += row;
    text += '\n';
  }
  return text;
}

}  // namespace

std::string UsageLine(const UsageRow& row, std::string_view id, std::int64_t created_at_ms) {
  std::string line;
  line.reserve(kTypicalLineBytes);
  const auto add_text = [&line](std::string_view name, std::string_view value) {
    line += name;
    AppendJsonString(line, value);
  };
  const auto add_number = [&line](std::string_view name, std::int64_t value) {
    line += name;
    line += std::to_string(value);
  };
  add_text("{\"id\":", id);
  add_text(",\"tenant_id\":", row.tenant_id);
  add_text(",\"model\":", std::string_view(row.model).substr(0, kMaxModelBytes));
  add_number(",\"tokens_in\":", row.tokens_in);
  add_number(",\"tokens_out\":", row.tokens_out);
  add_number(",\"latency_ms\":", row.latency_ms);
  add_number(",\"created_at\":", created_at_ms);
  line += '}';
  return line;
}

std::int64_t CreatedAtMs(std::string_view line) {
  const Result<Json> parsed = ParseJson(line);
  return parsed ? IntAt(*parsed, "created_at", 0) : 0;
}

UsageOutbox::UsageOutbox(std::string path, Disk& disk, Random& random)
    : path_(std::move(path)), disk_(disk), random_(random) {}

std::string UsageOutbox::NewSegment(std::int64_t now_ms) {
  std::string digits = std::to_string(std::clamp<std::int64_t>(now_ms, 0, kLatestMs));
  digits.insert(0, kTimeDigits - digits.size(), '0');
  return path_ + "." + digits + "." + HexEncode(random_.Bytes(kRandomBytes));
}

Result<std::vector<std::string>> UsageOutbox::Segments() {
  MG_TRY(files, disk_.List(path_ + "."));
  std::erase_if(files, [this](const std::string& file) {
    return !IsSegment(std::string_view(file).substr(path_.size()));
  });
  return files;
}

Status UsageOutbox::Append(const std::string& segment, const std::vector<std::string>& rows) {
  return disk_.Append(segment, OnLinesOfTheirOwn(rows));
}

Status UsageOutbox::Sync(const std::string& segment) {
  const Status synced = disk_.Sync(segment);
  return !synced && synced.error().code == Code::kNotFound ? Ok() : synced;
}

Result<UsageOutbox::Lines> UsageOutbox::Read(const std::string& segment) {
  MG_TRY(text, disk_.Read(segment));
  Lines lines;
  for (const std::string_view line : Split(text, '\n')) {
    if (line.empty()) continue;
    if (IsUsageLine(line)) {
      lines.rows.emplace_back(line);
    } else {
      ++lines.malformed;
    }
  }
  return lines;
}

Status UsageOutbox::Remove(const std::string& segment) {
  return disk_.Remove(segment);
}

}  // namespace mg
