// Tar archives (POSIX ustar) of plain files, written and read piece by piece: of any size, in
// little memory.
//
// Thread-safety: none. Errors: kUnavailable with the system's reason; of the reader also kCorrupt.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/result.h"

namespace mg {

inline constexpr std::int64_t kMaxTarFileBytes = (std::int64_t{1} << 33) - 1;  // 11 octal digits

class TarWriter {
 public:
  // Makes `path`, or empties it; for the owner alone.
  static Result<TarWriter> Create(const std::string& path);
  TarWriter(TarWriter&& other) noexcept;
  TarWriter& operator=(TarWriter&&) = delete;
  ~TarWriter();

  // Both return the SHA-256 of what was added, in hex.
  Result<std::string> AddText(const std::string& name, std::string_view text);
  Result<std::string> AddFile(const std::string& name, const std::string& path);
  Status Finish();  // it survives a power cut from here on

 private:
  explicit TarWriter(int file) : file_(file) {}
  Status Write(std::string_view bytes);
  Status BeginEntry(const std::string& name, std::int64_t size);
  Status EndEntry(std::int64_t size);

  int file_;
};

struct TarEntry {
  std::string name;
  std::int64_t size = 0;
};

class TarReader {
 public:
  static Result<TarReader> Open(const std::string& path);
  TarReader(TarReader&& other) noexcept;
  TarReader& operator=(TarReader&&) = delete;
  ~TarReader();

  // The next plain file, or nullopt at the archive's end; what is left of the one before is
  // skipped.
  Result<std::optional<TarEntry>> Next();
  Result<std::string> Read();  // the next piece of it; "" at its end

 private:
  explicit TarReader(int file) : file_(file) {}
  Result<std::string> Take(std::size_t size);

  int file_;
  std::int64_t left_ = 0;     // of the entry
  std::int64_t padding_ = 0;  // behind it
};

}  // namespace mg
