#include "core/services/usage_outbox.h"

#include <utility>

#include "core/base/bytes.h"
#include "core/base/ids.h"
#include "core/base/json.h"

namespace mg {
namespace {

// A model's name is the one text here whose length somebody else decides.
constexpr std::size_t kMaxModelBytes = 256;

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

void AddLines(std::string_view text, UsageOutbox::Lines& lines) {
  for (const std::string_view line : Split(text, '\n')) {
    if (line.empty()) continue;
    if (IsUsageLine(line)) {
      lines.rows.emplace_back(line);
    } else {
      ++lines.malformed;
    }
  }
}

std::string Joined(const std::vector<std::string>& rows) {
  std::string text;
  for (const std::string& row : rows) {
    text += row;
    text += '\n';
  }
  return text;
}

}  // namespace

std::string UsageLine(const UsageRow& row, std::string_view id, std::int64_t created_at_ms) {
  return DumpJson(Json{{"id", std::string(id)},
                       {"tenant_id", row.tenant_id},
                       {"model", row.model.substr(0, kMaxModelBytes)},
                       {"tokens_in", row.tokens_in},
                       {"tokens_out", row.tokens_out},
                       {"latency_ms", row.latency_ms},
                       {"created_at", created_at_ms}});
}

std::int64_t CreatedAtMs(std::string_view line) {
  const Result<Json> parsed = ParseJson(line);
  return parsed ? IntAt(*parsed, "created_at", 0) : 0;
}

UsageOutbox::UsageOutbox(std::string path, Disk& disk)
    : path_(std::move(path)), sending_path_(path_ + ".sending"), disk_(disk) {}

Result<UsageOutbox::Lines> UsageOutbox::Load() {
  MG_TRY(sending, ReadIfThere(sending_path_));
  MG_TRY(waiting, ReadIfThere(path_));
  Lines lines;
  AddLines(sending, lines);
  AddLines(waiting, lines);
  if (!waiting.empty()) {
    MG_RETURN_IF_ERROR(disk_.Replace(sending_path_, Joined(lines.rows)));
    MG_RETURN_IF_ERROR(disk_.Remove(path_));
  }
  return lines;
}

Status UsageOutbox::Append(const std::vector<std::string>& rows) {
  // After a failed write half a line may stand at the end: a line of its own keeps it from
  // swallowing the next row.
  const std::string text = (last_line_may_be_cut_ ? "\n" : "") + Joined(rows);
  last_line_may_be_cut_ = true;
  MG_RETURN_IF_ERROR(disk_.Append(path_, text));
  MG_RETURN_IF_ERROR(disk_.Sync(path_));
  last_line_may_be_cut_ = false;
  return Ok();
}

Status UsageOutbox::Rotate() {
  return disk_.Rename(path_, sending_path_);
}

Status UsageOutbox::DropSending() {
  return disk_.Remove(sending_path_);
}

Result<std::string> UsageOutbox::ReadIfThere(const std::string& path) {
  Result<std::string> text = disk_.Read(path);
  if (!text && text.error().code == Code::kNotFound) return std::string();
  return text;
}

}  // namespace mg
