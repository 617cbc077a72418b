// S3's documents (wire/storage.md 4.2): errors without a namespace, results with it.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/http/message.h"

namespace mg::fake {

// Elements beside Code and Message, in order.
using XmlFields = std::vector<std::pair<std::string_view, std::string>>;

Response S3Error(int status, std::string_view code, std::string_view message,
                 const XmlFields& fields = {});
// What this fake does not do: 501 with the gap header. R2's own texts end in "not implemented" too.
Response S3Gap(std::string_view operation, const std::string& what);
// What R2 does not do either: its 501.
Response S3NotImplemented(const std::string& what);

Response S3InvalidArgument(std::string_view message);
Response S3InvalidRequest(std::string_view message);
Response S3MalformedXml();
Response S3NoSuchBucket();
Response S3NoSuchKey();
Response S3NoSuchUpload();
Response S3NoRoute();
Response S3PreconditionFailed();
Response S3Internal();

// Text that is escaped, control characters too, so that every key can be said.
std::string XmlEscaped(std::string_view text);

class XmlWriter {
 public:
  explicit XmlWriter(std::string_view root);
  XmlWriter& Text(std::string_view name, std::string_view text);
  XmlWriter& Number(std::string_view name, std::int64_t value);
  XmlWriter& Flag(std::string_view name, bool value);
  XmlWriter& Open(std::string_view name);
  XmlWriter& Close();
  Response Answer();  // 200, after closing what is open

 private:
  std::string xml_;
  std::vector<std::string> open_;
};

}  // namespace mg::fake
