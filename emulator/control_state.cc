#include "emulator/control_state.h"

#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <utility>

#include "emulator/control_access.h"
#include "emulator/state_archive.h"
#include "emulator/state_copy.h"

namespace mg {
namespace {

constexpr std::size_t kPiece = std::size_t{256} * 1024;

// A file that has no name any more: it goes with the last who reads it.
class FileStream final : public BodyStream {
 public:
  explicit FileStream(std::FILE* file) : file_(file) {}
  ~FileStream() override { std::fclose(file_); }
  FileStream(const FileStream&) = delete;
  FileStream& operator=(const FileStream&) = delete;

  Result<std::string> Next(Instant) override {
    std::string piece(kPiece, '\0');
    piece.resize(std::fread(piece.data(), 1, piece.size(), file_));
    if (std::ferror(file_) != 0) return Error{Code::kUnavailable, "cannot read the archive", false};
    return piece;
  }

 private:
  std::FILE* const file_;
};

}  // namespace

Response ControlState(const std::string& state_folder, std::string_view method,
                      const Runtime& runtime) {
  if (method != "GET") {
    return ControlError(405, "method_not_allowed",
                        "GET. A state is replaced while no emulator runs on it: moltgate state "
                        "import.");
  }
  if (state_folder.empty()) {
    return ControlError(409, "no_state",
                        "This emulator keeps its state in memory; start it without --memory.");
  }
  std::string path = state_folder + "/" + kLeftoverPrefix + "XXXXXX";  // swept if it is left
  const int made = ::mkstemp(path.data());
  if (made < 0) return ControlError(500, "export_failed", "The state folder takes no file.");
  ::close(made);
  const Status done = ExportState(state_folder, path, runtime.Wall());
  if (!done) {
    ::unlink(path.c_str());
    return ControlError(500, "export_failed", done.error().message);
  }
  std::error_code failed;
  const auto size = std::filesystem::file_size(path, failed);
  std::FILE* file = failed ? nullptr : std::fopen(path.c_str(), "rbe");
  ::unlink(path.c_str());
  if (file == nullptr) return ControlError(500, "export_failed", "The archive cannot be read.");
  Response response;
  response.headers.Set("content-type", "application/x-tar");
  response.body = Body(std::make_shared<FileStream>(file), size);
  return response;
}

}  // namespace mg
