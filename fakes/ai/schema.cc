#include "fakes/ai/schema.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <utility>

#include "core/base/bytes.h"
#include "core/base/json.h"

namespace mg::fake {
namespace {

constexpr int kMaxDepth = 24;
constexpr int kMaxValues = 2'000;
constexpr std::int64_t kMaxItems = 16;
constexpr std::int64_t kMaxLength = 4'096;

struct Format {
  std::string_view name, example;
};
constexpr Format kFormats[] = {
    {"date-time", "2026-01-01T00:00:00Z"},
    {"date", "2026-01-01"},
    {"time", "00:00:00Z"},
    {"email", "someone@example.test"},
    {"uri", "https://example.test/"},
    {"uuid", "00000000-0000-4000-8000-000000000000"},
};

const Json* ListAt(const Json& schema, std::string_view key) {
  const Json* found = Find(schema, key);
  return found != nullptr && found->is_array() && !found->empty() ? found : nullptr;
}

double NumberAt(const Json& schema, std::string_view key, double fallback) {
  const Json* found = Find(schema, key);
  return found != nullptr && found->is_number() ? found->get<double>() : fallback;
}

class Maker {
 public:
  Maker(const Json& root, const FillText& fill) : root_(root), fill_(fill) {}

  std::optional<Json> Make(const Json& schema, std::string_view name, int depth) {
    if (depth > kMaxDepth || ++values_ > kMaxValues || !schema.is_object()) return std::nullopt;
    if (const Json* fixed = Find(schema, "const")) return *fixed;
    if (const Json* choices = ListAt(schema, "enum")) return choices->front();
    if (Find(schema, "$ref") != nullptr) {
      const Json* found = Referred(StringAt(schema, "$ref"));
      return found == nullptr ? std::nullopt : Make(*found, name, depth + 1);
    }
    for (const char* key : {"anyOf", "oneOf", "allOf"}) {
      const Json* list = ListAt(schema, key);
      if (list == nullptr) continue;
      if (key == std::string_view("allOf") && list->size() > 1) return std::nullopt;
      return Make(list->front(), name, depth + 1);
    }
    return OfType(TypeOf(schema), schema, name, depth);
  }

 private:
  static std::string TypeOf(const Json& schema) {
    if (const Json* types = ListAt(schema, "type"))
      for (const Json& type : *types)
        if (type.is_string() && type != "null") return type.get<std::string>();
    if (Find(schema, "type") == nullptr)
      return Find(schema, "properties") != nullptr ? "object" : "string";
    return StringAt(schema, "type");
  }

  std::optional<Json> OfType(const std::string& type, const Json& schema, std::string_view name,
                             int depth) {
    if (type == "object") return Object(schema, depth);
    if (type == "array") return Array(schema, name, depth);
    if (type == "string") return Text(schema, name);
    if (type == "integer") return Number(schema, true);
    if (type == "number") return Number(schema, false);
    if (type == "boolean") return Json(true);
    if (type == "null") return Json(nullptr);
    return std::nullopt;
  }

  std::optional<Json> Object(const Json& schema, int depth) {
    Json object = Json::object();
    if (const Json* properties = Find(schema, "properties");
        properties != nullptr && properties->is_object()) {
      for (const auto& [key, value] : properties->items()) {
        auto made = Make(value, key, depth + 1);
        if (!made) return std::nullopt;
        object[key] = std::move(*made);
      }
    }
    if (const Json* required = ListAt(schema, "required"))
      for (const Json& key : *required)
        if (key.is_string() && !object.contains(key.get_ref<const std::string&>()))
          object[key.get_ref<const std::string&>()] = fill_(key.get_ref<const std::string&>());
    return object;
  }

  std::optional<Json> Array(const Json& schema, std::string_view name, int depth) {
    Json array = Json::array();
    const Json* items = Find(schema, "items");
    if (items == nullptr) return array;
    const std::int64_t count = std::max<std::int64_t>(IntAt(schema, "minItems", 1), 1);
    if (count > kMaxItems || IntAt(schema, "maxItems", count) < count) return std::nullopt;
    for (std::int64_t i = 0; i < count; ++i) {
      auto made = Make(*items, name, depth + 1);
      if (!made) return std::nullopt;
      array.push_back(std::move(*made));
    }
    return array;
  }

  std::optional<Json> Text(const Json& schema, std::string_view name) {
    if (Find(schema, "pattern") != nullptr) return std::nullopt;
    const std::string format = StringAt(schema, "format");
    for (const Format& known : kFormats)
      if (known.name == format) return Json(known.example);
    std::string text = fill_(name);
    const std::int64_t least = IntAt(schema, "minLength", 0);
    const std::int64_t most = IntAt(schema, "maxLength", kMaxLength);
    if (least > std::min(most, kMaxLength) || most < 0) return std::nullopt;
    if (static_cast<std::int64_t>(text.size()) > most) text.resize(static_cast<std::size_t>(most));
    if (static_cast<std::int64_t>(text.size()) < least)
      text.append(static_cast<std::size_t>(least) - text.size(), '.');
    return Json(IsValidUtf8(text) ? text : std::string(text.size(), '.'));
  }

  static std::optional<Json> Number(const Json& schema, bool whole) {
    const double above = NumberAt(schema, "exclusiveMinimum", -HUGE_VAL);
    double number = std::max({1.0, NumberAt(schema, "minimum", -HUGE_VAL), above + 1});
    const double most = std::min(NumberAt(schema, "maximum", HUGE_VAL),
                                 NumberAt(schema, "exclusiveMaximum", HUGE_VAL) - 1);
    if (number > most) number = std::max(most, NumberAt(schema, "minimum", most));
    const double step = NumberAt(schema, "multipleOf", whole ? 1 : 0);
    if (step > 0) number = std::ceil(number / step) * step;
    if (!(number <= most && number > above && std::abs(number) < 1e15)) return std::nullopt;
    if (whole) return Json(static_cast<std::int64_t>(number));
    return Json(number);
  }

  // "#/$defs/name"
  const Json* Referred(const std::string& reference) const {
    if (reference.substr(0, 2) != "#/") return reference == "#" ? &root_ : nullptr;
    const Json* at = &root_;
    for (const std::string_view part : Split(std::string_view(reference).substr(2), '/')) {
      at = Find(*at, part);
      if (at == nullptr) return nullptr;
    }
    return at;
  }

  const Json& root_;
  const FillText& fill_;
  int values_ = 0;
};

}  // namespace

std::optional<Json> InstanceOf(const Json& schema, const FillText& fill) {
  return Maker(schema, fill).Make(schema, "", 0);
}

}  // namespace mg::fake
