#include "fakes/plain_json.h"

#include "core/base/bytes.h"
#include "core/base/json.h"

namespace mg::fake {

Json PlainJson(const JsoncNode& node) {
  switch (node.kind) {
    case JsoncNode::Kind::kNull:
      return nullptr;
    case JsoncNode::Kind::kBool:
      return node.boolean;
    case JsoncNode::Kind::kNumber:
      if (const auto whole = ParseInt(node.text)) return *whole;
      return node.number;
    case JsoncNode::Kind::kString:
      return node.text;
    case JsoncNode::Kind::kArray: {
      Json array = Json::array();
      for (const JsoncNode& item : node.items) array.push_back(PlainJson(item));
      return array;
    }
    case JsoncNode::Kind::kObject:
      break;
  }
  Json object = Json::object();
  for (const JsoncNode::Member& member : node.members) object[member.key] = PlainJson(member.value);
  return object;
}

Result<Json> JsonFromJsonc(std::string_view text, std::string_view file_name) {
  MG_TRY(node, ParseJsonc(text, file_name));
  return PlainJson(node);
}

}  // namespace mg::fake
