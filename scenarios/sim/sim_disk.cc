#include "scenarios/sim/sim_disk.h"

#include <utility>

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
  File& file = files_[path];
  file.synced = file.bytes.size();
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

Status SimDisk::Rename(const std::string& from, const std::string& to) {
  const Lock lock(mutex_);
  if (!powered_) return Ok();
  auto moved = files_.extract(from);
  if (moved.empty()) return Error{Code::kNotFound, "there is no " + from, false};
  files_[to] = std::move(moved.mapped());
  return Ok();
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
