// The outbox of usage rows on disk, one JSON object a line, in segments: files beside each other,
// `path`.<when it was begun>.<random>, each removed as a whole when D1 has its rows. A crash before
// the removal sends rows again, which their ids make harmless (USG-3). The random part keeps apart
// two processes with one path, as in the moment when one takes over from the other.
//
// Thread-safety: all members, but for two Appends to one segment at the same time.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/ports/disk.h"
#include "core/ports/random.h"
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

  UsageOutbox(std::string path, Disk& disk, Random& random);

  std::string NewSegment(std::int64_t now_ms);  // a name; the first Append makes the file
  Result<std::vector<std::string>> Segments();  // that are there, oldest first

  // Survives the end of the process when it returns, and a power cut after Sync.
  Status Append(const std::string& segment, const std::vector<std::string>& rows);
  Status Sync(const std::string& segment);  // fine when it has been removed meanwhile
  Result<Lines> Read(const std::string& segment);
  Status Remove(const std::string& segment);

 private:
  const std::string path_;
  Disk& disk_;
  Random& random_;
};

}  // namespace mg
