#include "core/config/profile.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <optional>

#include "core/config/profile_draft.h"

namespace mg {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kFileMax = 1 << 20;
constexpr std::string_view kSuffix = ".profile.jsonc";

struct ProfileFile {
  std::string path;
  JsoncNode root;
};

// nullopt when it cannot be read (a folder can be opened, but not read) or is over kFileMax.
std::optional<std::string> ReadSmallFile(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::string text(kFileMax + 1, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (!in.eof() || in.bad()) return std::nullopt;
  text.resize(static_cast<std::size_t>(in.gcount()));
  return text;
}

Result<JsoncNode> ParseFile(const std::string& path, const std::string& text) {
  MG_TRY(root, ParseJsonc(text, path));
  if (root.kind != JsoncNode::Kind::kObject) {
    return ErrorIn(path, root.at, "a profile must be an object");
  }
  return std::move(root);
}

bool IsProfileName(std::string_view name) {
  return !name.empty() && name.front() != '.' && name.find('/') == std::string_view::npos &&
         name.find('\0') == std::string_view::npos;
}

// The file that `file` extends, or "" for none.
Result<std::string> ExtendedPath(const ProfileFile& file) {
  const JsoncNode* extends = file.root.Find("extends");
  if (extends == nullptr) return std::string();
  std::string name;
  MG_RETURN_IF_ERROR(AsText(&name)({*extends, file.path}));
  if (!IsProfileName(name)) {
    return ErrorIn(file.path, extends->at,
                   "must be the name of a profile beside this one: \"base\" means base" +
                       std::string(kSuffix));
  }
  return (fs::path(file.path).parent_path() / (name + std::string(kSuffix))).string();
}

// The file itself first, then what it extends, and so on.
Result<std::vector<ProfileFile>> ReadChain(const std::string& path) {
  std::vector<ProfileFile> chain;
  std::vector<fs::path> seen;
  std::string next = path;
  while (!next.empty()) {
    std::error_code failed;
    const fs::path place = fs::weakly_canonical(next, failed);
    const bool again = std::find(seen.begin(), seen.end(), place) != seen.end();
    const auto text = again ? std::nullopt : ReadSmallFile(next);
    if (!text) {
      const std::string what = again ? next + " extends itself through this line"
                                     : "cannot read " + next + " (a file of at most 1 MiB)";
      if (chain.empty()) return Error{Code::kInvalid, what, false};
      return ErrorIn(chain.back().path, chain.back().root.Find("extends")->at, what);
    }
    seen.push_back(place);
    MG_TRY(root, ParseFile(next, *text));
    chain.push_back({next, std::move(root)});
    MG_TRY(extended, ExtendedPath(chain.back()));
    next = std::move(extended);
  }
  return chain;
}

}  // namespace

Result<Profile> LoadProfile(const std::string& path, const EnvironmentVariables& environment) {
  MG_TRY(chain, ReadChain(path));
  ProfileDraft draft;
  std::vector<std::string> files;
  for (auto file = chain.rbegin(); file != chain.rend(); ++file) {
    MG_RETURN_IF_ERROR(ApplyProfileFile({file->root, file->path}, draft));
    files.push_back(file->path);
  }
  MG_RETURN_IF_ERROR(ApplyEnvironment(environment, path.empty(), draft));
  Profile profile = FinishProfile(std::move(draft), environment);
  profile.files = std::move(files);
  return profile;
}

}  // namespace mg
