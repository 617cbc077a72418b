// A request's address and parameters, decoded once.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace mg::fake {

struct S3Address {
  std::string bucket;
  std::string key;
};

// Path style: "a%2Fb" and "a/b" are one key, "/b" and "/b/" one bucket. nullopt on a bad escape.
std::optional<S3Address> ParseAddress(std::string_view path);
// "bucket/key" or "/bucket/key" of x-amz-copy-source, decoded once; a "?versionId=" is dropped.
std::optional<S3Address> ParseCopySource(std::string_view source);

bool IsBucketName(std::string_view name);
bool IsKey(std::string_view key);  // 1 to 1024 bytes of UTF-8

class S3Query {
 public:
  // A bad escape stands for itself, as in the signature.
  explicit S3Query(std::string_view query);

  bool Has(std::string_view name) const { return Find(name) != nullptr; }
  const std::string* Find(std::string_view name) const;
  std::string Get(std::string_view name) const;  // "" when absent
  // Names that are none of `known` and that are not always ignored (x-id, X-Amz-*).
  std::vector<std::string> Unknown(const std::vector<std::string_view>& known) const;

 private:
  std::vector<std::pair<std::string, std::string>> pairs_;
};

}  // namespace mg::fake
