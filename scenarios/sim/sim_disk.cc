#include "scenarios/sim/sim_disk.h"

namespace mg::sim {

Status SimDisk::Append(const std::string& path, std::string_view bytes) {
  const Lock lock(mutex_);
  if (!powered_) return Ok();
  files_[path].bytes.append(bytes);
  return Ok();
}

Status SimDisk::Sync(const std::string& path) {
  const Lock lock(mutex_);
  if (!powered_) return Ok();
  const auto found = files_.find(path);
  if (found == files_.end()) return Error{Code::kNotFound, "there is no " + path, false};
  found->second.synced = found->second.bytes.size();
  return Ok();
}

Result<std::string> SimDisk::Read(const std::string& path) {
  const Lock lock(mutex_);
  const auto found = files_.find(path);
  if (found == files_.end()) return Error{Code::kNotFound, "there is no " + path, false};
  return found->second.bytes;
}

Status SimDisk::Replace(const std::string& path, std::string_view bytes) {
  const Lock lock(mutex_);
  if (!powered_) return Ok();
  files_[path] = File{std::string(bytes), bytes.size()};
  return Ok();
}

Result<std::vector<std::string>> SimDisk::List(const std::string& prefix) {
  const Lock lock(mutex_);
  std::vector<std::string> files;
  for (auto file = files_.lower_bound(prefix); file != files_.end(); ++file) {
    if (file->first.compare(0, prefix.size(), prefix) != 0) break;
    files.push_back(file->first);
  }
  return files;
}

Status SimDisk::Remove(const std::string& path) {
  const Lock lock(mutex_);
  if (!powered_) return Ok();
  files_.erase(path);
  return Ok();
}

void SimDisk::CutPower() {
  const Lock lock(mutex_);
  powered_ = false;
  for (auto& [path, file] : files_) file.bytes.resize(file.synced);
}

void SimDisk::RestorePower() {
  const Lock lock(mutex_);
  powered_ = true;
}

}  // namespace mg::sim
