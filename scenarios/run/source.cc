#include "scenarios/run/source.h"

#include <cstddef>
#include <utility>

#include "core/base/bytes.h"

namespace mg::scenario {
namespace {

constexpr std::size_t kFileBytes = std::size_t{1} << 20;

// "path:line:column: message" of the JSON parser, taken apart.
Problem SyntaxProblem(const std::string& path, const std::string& text) {
  Problem problem{path, {}, text};
  if (text.compare(0, path.size() + 1, path + ":") != 0) return problem;
  const auto parts = Split(std::string_view(text).substr(path.size() + 1), ':');
  const auto line = parts.size() > 2 ? ParseInt(parts[0]) : std::optional<std::int64_t>();
  const auto column = parts.size() > 2 ? ParseInt(parts[1]) : std::optional<std::int64_t>();
  if (!line || !column) return problem;
  problem.at = {static_cast<int>(*line), static_cast<int>(*column)};
  problem.message = text.substr(path.size() + parts[0].size() + parts[1].size() + 3);
  problem.message = std::string(TrimSpace(problem.message));
  return problem;
}

}  // namespace

std::unique_ptr<Source> ReadSource(const std::string& path, const std::string& from,
                                   TextPosition at, ReadFile read, std::vector<Problem>& problems) {
  auto text = read(path);
  if (text && text->size() > kFileBytes)
    text = Error{Code::kInvalid, path + " is larger than 1 MiB"};
  if (!text) {
    problems.push_back({from, at, text.error().message});
    return nullptr;
  }
  auto source = std::make_unique<Source>();
  source->path = path;
  source->text = std::move(*text);
  auto root = ParseJsonc(source->text, path);
  if (!root) {
    problems.push_back(SyntaxProblem(path, root.error().message));
    return nullptr;
  }
  source->root = std::move(*root);
  return source;
}

}  // namespace mg::scenario
