#include "core/http/headers.h"

#include "core/base/bytes.h"

namespace mg {

void Headers::Reserve(std::size_t lines) {
  lines_.reserve(lines);
}

void Headers::Add(std::string_view name, std::string_view value) {
  Line& line = lines_.emplace_back();
  line.name.assign(name);
  line.value.assign(value);
}

void Headers::Set(std::string_view name, std::string_view value) {
  // Copies first: either view may point into a line that Remove frees.
  Line line{std::string(name), std::string(value)};
  Remove(line.name);
  lines_.push_back(std::move(line));
}

void Headers::Remove(std::string_view name) {
  std::erase_if(lines_, [wanted = std::string(name)](const Line& line) {
    return EqualsIgnoreCase(line.name, wanted);
  });
}

bool Headers::Has(std::string_view name) const {
  for (const Line& line : lines_) {
    if (EqualsIgnoreCase(line.name, name)) return true;
  }
  return false;
}

std::size_t Headers::Count(std::string_view name) const {
  std::size_t count = 0;
  for (const Line& line : lines_) {
    if (EqualsIgnoreCase(line.name, name)) ++count;
  }
  return count;
}

std::string_view Headers::Get(std::string_view name) const {
  for (const Line& line : lines_) {
    if (EqualsIgnoreCase(line.name, name)) return line.value;
  }
  return {};
}

std::vector<std::string_view> Headers::GetAll(std::string_view name) const {
  std::vector<std::string_view> values;
  for (const Line& line : lines_) {
    if (EqualsIgnoreCase(line.name, name)) values.push_back(line.value);
  }
  return values;
}

}  // namespace mg
