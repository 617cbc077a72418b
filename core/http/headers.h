// Header lines in order; names compare without case. Values are single lines already checked by the
// codec.
#pragma once
#include <cstddef>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

namespace mg {

class Headers {
 public:
  struct Line {
    std::string name;
    std::string value;
  };

  Headers() = default;
  Headers(std::initializer_list<Line> lines) : lines_(lines) {}

  void Reserve(std::size_t lines);
  void Add(std::string_view name, std::string_view value);
  void Set(std::string_view name, std::string_view value);  // replaces every line of that name
  void Remove(std::string_view name);
  bool Has(std::string_view name) const;
  std::size_t Count(std::string_view name) const;
  // The first line's value; empty when absent. Valid until the headers change.
  std::string_view Get(std::string_view name) const;
  std::vector<std::string_view> GetAll(std::string_view name) const;

  const std::vector<Line>& lines() const { return lines_; }
  bool empty() const { return lines_.empty(); }

 private:
  std::vector<Line> lines_;
};

}  // namespace mg
