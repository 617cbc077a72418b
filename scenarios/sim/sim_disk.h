// A disk in memory that forgets what was not synced when the power goes. Thread-safe.
#pragma once
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/ports/disk.h"
#include "core/ports/runtime.h"

namespace mg::sim {

class SimDisk final : public Disk {
 public:
  Status Append(const std::string& path, std::string_view bytes) override;
  Status Sync(const std::string& path) override;
  Result<std::string> Read(const std::string& path) override;
  Status Replace(const std::string& path, std::string_view bytes) override;
  Result<std::vector<std::string>> List(const std::string& prefix) override;
  Status Remove(const std::string& path) override;

  // From now on nothing that is written arrives, though writers are told it did: they are dead
  // already. Every file is as it was synced last.
  void CutPower();
  void RestorePower();

 private:
  struct File {
    std::string bytes;
    std::size_t synced = 0;
  };
  Mutex mutex_;
  bool powered_ = true;
  std::map<std::string, File> files_;
};

}  // namespace mg::sim
