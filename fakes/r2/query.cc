#include "fakes/r2/query.h"

#include <algorithm>

#include "core/base/bytes.h"
#include "fakes/r2/limits.h"

namespace mg::fake {
namespace {

std::string Decoded(std::string_view text) {
  return PercentDecode(text).value_or(std::string(text));
}

}  // namespace

std::optional<S3Address> ParseAddress(std::string_view path) {
  path.remove_prefix(path.empty() ? 0 : 1);
  const std::size_t slash = path.find('/');
  auto bucket = PercentDecode(path.substr(0, slash));
  auto key =
      PercentDecode(slash == std::string_view::npos ? std::string_view() : path.substr(slash + 1));
  if (!bucket || !key) return std::nullopt;
  return S3Address{std::move(*bucket), std::move(*key)};
}

std::optional<S3Address> ParseCopySource(std::string_view source) {
  const std::size_t version = source.find("?versionId=");
  const auto decoded = PercentDecode(source.substr(0, version));
  if (!decoded) return std::nullopt;
  std::string_view rest = *decoded;
  if (!rest.empty() && rest.front() == '/') rest.remove_prefix(1);
  const std::size_t slash = rest.find('/');
  if (slash == std::string_view::npos || slash == 0 || slash + 1 == rest.size())
    return std::nullopt;
  return S3Address{std::string(rest.substr(0, slash)), std::string(rest.substr(slash + 1))};
}

bool IsBucketName(std::string_view name) {
  if (name.size() < 3 || name.size() > 63) return false;
  if (name.front() == '-' || name.back() == '-') return false;
  return std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
  });
}

bool IsKey(std::string_view key) {
  return !key.empty() && key.size() <= r2::kMaxKeyBytes && IsValidUtf8(key);
}

S3Query::S3Query(std::string_view query) {
  for (const std::string_view part : Split(query, '&')) {
    if (part.empty()) continue;
    const std::size_t equals = part.find('=');
    pairs_.emplace_back(Decoded(part.substr(0, equals)), equals == std::string_view::npos
                                                             ? std::string()
                                                             : Decoded(part.substr(equals + 1)));
  }
}

const std::string* S3Query::Find(std::string_view name) const {
  for (const auto& pair : pairs_)
    if (pair.first == name) return &pair.second;
  return nullptr;
}

std::string S3Query::Get(std::string_view name) const {
  const std::string* value = Find(name);
  return value == nullptr ? std::string() : *value;
}

std::vector<std::string> S3Query::Unknown(const std::vector<std::string_view>& known) const {
  std::vector<std::string> names;
  for (const auto& pair : pairs_) {
    const std::string name = AsciiLower(pair.first);
    if (name == "x-id" || name.compare(0, 6, "x-amz-") == 0) continue;
    if (std::find(known.begin(), known.end(), pair.first) == known.end())
      names.push_back(pair.first);
  }
  return names;
}

}  // namespace mg::fake
