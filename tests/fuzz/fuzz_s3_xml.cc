// S3's XML: whatever is accepted is bounded, and means the same when it is written again.
#include <algorithm>
#include <string>

#include "fakes/r2/xml.h"
#include "fakes/r2/xml_reader.h"
#include "tests/fuzz/fuzz.h"

using namespace mg;
using namespace mg::fake;

namespace {

std::string Written(const XmlNode& node) {
  std::string out = "<" + node.name + ">" + XmlEscaped(node.text);
  for (const XmlNode& child : node.children) out += Written(child);
  return out + "</" + node.name + ">";
}

bool Same(const XmlNode& a, const XmlNode& b) {
  if (a.name != b.name || a.text != b.text || a.children.size() != b.children.size()) return false;
  for (std::size_t i = 0; i < a.children.size(); ++i)
    if (!Same(a.children[i], b.children[i])) return false;
  return true;
}

std::size_t DepthOf(const XmlNode& node) {
  std::size_t deepest = 0;
  for (const XmlNode& child : node.children) deepest = std::max(deepest, DepthOf(child));
  return deepest + 1;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto read = ParseXml(Text(data, size));
  if (!read) return 0;
  Require(DepthOf(*read) <= 8);
  const auto again = ParseXml(Written(*read));
  Require(again && Same(*read, *again));
  return 0;
}
