#include "scenarios/run/match_operators.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include "core/base/json.h"

namespace mg::scenario {
namespace {

// One matcher at one place. `actual` is null when there is nothing.
struct Place {
  Matching& matching;
  const JsoncNode& whole;     // {"$gt": 1}
  const JsoncNode& argument;  // 1
  const Json* actual;
  const std::string& path;

  void Differ(const std::string& wanted) const {
    matching.Differ(whole, path, wanted, actual == nullptr ? "absent" : Shown(*actual));
  }
  std::optional<Json> Argument() const {
    auto value = Resolve(argument, matching.variables());
    if (value) return std::move(*value);
    matching.Differ(whole, path, value.error().message, "");
    return std::nullopt;
  }
};

// -1, 0, 1; nullopt when the two cannot be ordered. Durations are compared as such.
std::optional<int> Order(const Json& a, const Json& b) {
  const auto sign = [](auto x, auto y) { return x < y ? -1 : x > y ? 1 : 0; };
  if (a.is_number_integer() && b.is_number_integer())
    return sign(a.get<std::int64_t>(), b.get<std::int64_t>());
  if (a.is_number() && b.is_number()) return sign(a.get<double>(), b.get<double>());
  if (!a.is_string() || !b.is_string()) return std::nullopt;
  const auto x = DurationOf(a.get<std::string>()), y = DurationOf(b.get<std::string>());
  if (x && y) return sign(x->count(), y->count());
  return sign(a.get<std::string>(), b.get<std::string>());
}

void CompareOrder(const Place& place, const char* sign, bool (*holds)(int)) {
  const auto bound = place.Argument();
  if (!bound) return;
  const auto order = place.actual == nullptr ? std::optional<int>() : Order(*place.actual, *bound);
  if (!order || !holds(*order)) place.Differ(std::string(sign) + " " + Shown(*bound));
}

void Gt(const Place& place) {
  CompareOrder(place, ">", [](int order) { return order > 0; });
}
void Gte(const Place& place) {
  CompareOrder(place, ">=", [](int order) { return order >= 0; });
}
void Lt(const Place& place) {
  CompareOrder(place, "<", [](int order) { return order < 0; });
}
void Lte(const Place& place) {
  const auto bound = place.Argument();
  if (bound && place.actual != nullptr && place.matching.IsInTime(*bound, *place.actual)) return;
  CompareOrder(place, "<=", [](int order) { return order <= 0; });
}

void Ne(const Place& place) {
  if (place.matching.Equal(place.argument, place.actual))
    place.Differ("anything but " + place.matching.ShownNode(place.argument));
}

void TextTest(const Place& place, const char* words,
              bool (*holds)(std::string_view, std::string_view)) {
  const auto argument = place.Argument();
  if (!argument) return;
  const bool texts = place.actual != nullptr && place.actual->is_string() && argument->is_string();
  if (!texts ||
      !holds(argument->get_ref<const std::string&>(), place.actual->get_ref<const std::string&>()))
    place.Differ(words + Shown(*argument));
}
void Wildcard(const Place& place) {
  TextTest(place, "a text like ", MatchesWildcard);
}
void Contains(const Place& place) {
  TextTest(place, "a text with ", [](std::string_view part, std::string_view text) {
    return text.find(part) != std::string_view::npos;
  });
}

void Lacks(const Place& place) {
  TextTest(place, "a text without ", [](std::string_view part, std::string_view text) {
    return text.find(part) == std::string_view::npos;
  });
}

void Any(const Place& place) {
  for (const JsoncNode& one : place.argument.items)
    if (place.matching.Equal(one, place.actual)) return;
  place.Differ("one of " + place.matching.ShownNode(place.argument));
}
void All(const Place& place) {
  for (const JsoncNode& one : place.argument.items)
    place.matching.Compare(one, place.actual, place.path);
}

std::string TypeOf(const Json& value) {
  if (value.is_number_integer()) return "integer";
  if (value.is_number()) return "number";
  return value.type_name();
}

void Type(const Place& place) {
  const std::string actual = place.actual == nullptr ? "absent" : TypeOf(*place.actual);
  const bool number = place.argument.text == "number" && actual == "integer";
  if (actual != place.argument.text && !number)
    place.Differ("a value of type " + place.argument.text);
}

void Len(const Place& place) {
  const bool has_size =
      place.actual != nullptr && (place.actual->is_string() || place.actual->is_structured());
  if (!has_size) return place.Differ("something with a length");
  const Json size = place.actual->is_string() ? place.actual->get_ref<const std::string&>().size()
                                              : place.actual->size();
  place.matching.Compare(place.argument, &size, place.path + " length");
}

void Absent(const Place& place) {
  if ((place.actual == nullptr) != place.argument.boolean)
    place.Differ(place.argument.boolean ? "nothing there" : "something there");
}

void Approx(const Place& place) {
  const auto argument = place.Argument();
  if (!argument) return;
  const double of = argument->value("of", 0.0), within = argument->value("within", 0.0);
  if (place.actual == nullptr || !place.actual->is_number() ||
      std::abs(place.actual->get<double>() - of) > within)
    place.Differ("within " + Shown(within) + " of " + Shown(of));
}

void Exact(const Place& place) {
  place.matching.Compare(place.argument, place.actual, place.path);
  if (place.actual == nullptr || !place.actual->is_object()) return;
  for (const auto& [key, value] : place.actual->items()) {
    const auto same = [&key = key](const JsoncNode::Member& m) { return m.key == key; };
    if (std::none_of(place.argument.members.begin(), place.argument.members.end(), same))
      return place.matching.Differ(place.whole, place.path + "/" + key, "no such member",
                                   Shown(value));
  }
}

// Which items are taken by the expected ones before `next`; true when the rest finds places too.
bool Assign(const Place& place, std::size_t next, std::vector<bool>& taken) {
  if (next == place.argument.items.size()) return true;
  for (std::size_t i = 0; i < taken.size(); ++i) {
    if (taken[i] || !place.matching.Equal(place.argument.items[next], &(*place.actual)[i]))
      continue;
    taken[i] = true;
    if (Assign(place, next + 1, taken)) return true;
    taken[i] = false;
  }
  return false;
}

void Unordered(const Place& place) {
  const bool same_size = place.actual != nullptr && place.actual->is_array() &&
                         place.actual->size() == place.argument.items.size();
  std::vector<bool> taken(same_size ? place.actual->size() : 0);
  if (!same_size || !Assign(place, 0, taken))
    place.Differ("in any order " + place.matching.ShownNode(place.argument));
}

void Items(const Place& place) {
  if (place.actual == nullptr || !place.actual->is_array()) return place.Differ("an array");
  for (std::size_t i = 0; i < place.actual->size(); ++i)
    place.matching.Compare(place.argument, &(*place.actual)[i],
                           place.path + "/" + std::to_string(i));
}

void Has(const Place& place) {
  if (place.actual == nullptr || !place.actual->is_array()) return place.Differ("an array");
  for (const JsoncNode& one : place.argument.items) {
    const bool found =
        std::any_of(place.actual->begin(), place.actual->end(),
                    [&](const Json& item) { return place.matching.Equal(one, &item); });
    if (!found) place.Differ("an item like " + place.matching.ShownNode(one));
  }
}

struct Operator {
  std::string_view name;
  void (*compare)(const Place&);
};

constexpr Operator kOperators[] = {
    {"$gt", Gt},         {"$gte", Gte},        {"$lt", Lt},       {"$lte", Lte},
    {"$ne", Ne},         {"$match", Wildcard}, {"$any", Any},     {"$contains", Contains},
    {"$all", All},       {"$type", Type},      {"$len", Len},     {"$absent", Absent},
    {"$approx", Approx}, {"$exact", Exact},    {"$items", Items}, {"$unordered", Unordered},
    {"$has", Has},       {"$lacks", Lacks},
};

}  // namespace

void Matching::CompareWithMatcher(const JsoncNode& expected, const Json* actual,
                                  const std::string& path) {
  for (const JsoncNode::Member& member : expected.members) {
    const auto* known = std::find_if(std::begin(kOperators), std::end(kOperators),
                                     [&](const Operator& one) { return one.name == member.key; });
    if (known == std::end(kOperators)) {
      Differ(expected, path, "a known matcher, not " + member.key,
             actual == nullptr ? "absent" : Shown(*actual));
    } else {
      known->compare({*this, expected, member.value, actual, path});
    }
  }
}

std::vector<std::string> MatcherNames() {
  std::vector<std::string> names;
  for (const Operator& one : kOperators) names.emplace_back(one.name);
  return names;
}

// Linear but for one remembered star: enough for texts of any size.
bool MatchesWildcard(std::string_view pattern, std::string_view text) {
  std::size_t p = 0, t = 0, star = std::string_view::npos, retry = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      retry = t;
    } else if (p < pattern.size() && (pattern[p] == '?' || pattern[p] == text[t])) {
      ++p;
      ++t;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      t = ++retry;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

}  // namespace mg::scenario
