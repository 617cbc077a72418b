// A multipart form: its parts lie in the body, in order, and hold no delimiter.
#include <string>

#include "fakes/kv/multipart.h"
#include "tests/fuzz/fuzz.h"

using namespace mg::fake;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  // The first line is the content type, the rest the body.
  const std::string_view input = mg::Text(data, size);
  const std::size_t line = input.find('\n');
  if (line == std::string_view::npos) return 0;
  const auto boundary = kv::MultipartBoundary(input.substr(0, line));
  if (!boundary) return 0;
  const std::string_view body = input.substr(line + 1);
  const auto parts = kv::ParseMultipart(body, *boundary);
  if (!parts) return 0;
  mg::Require(!boundary->empty());
  const std::string delimiter = "\r\n--" + std::string(*boundary);
  const char* from = body.data();
  for (const kv::Part& part : *parts) {
    mg::Require(part.bytes.data() >= from);
    from = part.bytes.data() + part.bytes.size();
    mg::Require(from <= body.data() + body.size());
    mg::Require(part.bytes.find(delimiter) == std::string_view::npos);
  }
  return 0;
}
