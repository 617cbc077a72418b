// The XML that S3's clients send: elements, text, the five entities and character references, and
// nothing that could reach outside (no DOCTYPE, no instruction but the declaration).
//
// Total and bounded: any bytes give a tree or nothing. Text is kept byte for byte (" 007 " is a
// key); white space between elements is not text. Attributes are checked for their form and
// dropped.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mg::fake {

struct XmlNode {
  std::string name;
  std::string text;  // of an element without children
  std::vector<XmlNode> children;

  const XmlNode* Find(std::string_view child) const;  // the first; nullptr
  std::string_view TextOf(std::string_view child) const;
};

std::optional<XmlNode> ParseXml(std::string_view text);

}  // namespace mg::fake
