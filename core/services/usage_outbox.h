// The outbox of usage rows on disk, one JSON object a line: `path` takes new rows, `path`.sending
// holds those on their way to D1 and is replaced or removed when D1 has them all. A crash between
// the two sends rows again, which their ids make harmless (USG-3).
//
// Thread-safety: none; one task owns the files.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/ports/disk.h"
#include "core/services/usage.h"

namespace mg {

// One row as it is stored and sent: a JSON object without a newline.
std::string UsageLine(const UsageRow& row, std::string_view id, std::int64_t created_at_ms);

std::int64_t CreatedAtMs(std::string_view line);  // of such a row; 0 for anything else

class UsageOutbox {
 public:
  struct Lines {
    std::vector<std::string> rows;
    std::size_t malformed = 0;  // a line cut off by a crash, or not ours
  };

  UsageOutbox(std::string path, Disk& disk);

  Result<Lines> Load();  // what an earlier process left, oldest first, now all in .sending
  Status Append(const std::vector<std::string>& rows);  // on disk when it returns
  Status Rotate();                                      // `path` becomes .sending
  Status DropSending();

 private:
  Result<std::string> ReadIfThere(const std::string& path);

  const std::string path_;
  const std::string sending_path_;
  Disk& disk_;
  bool last_line_may_be_cut_ = false;
};

}  // namespace mg
