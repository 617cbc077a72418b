// Reads a JSONC object by a table of its keys: unknown keys and wrong types are errors that point
// at the place.
#pragma once
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "core/base/jsonc.h"
#include "core/base/result.h"

namespace mg {

struct FileNode {
  const JsoncNode& node;
  const std::string& file;
};

// kInvalid, "file:line:column: what".
Error ErrorIn(const std::string& file, TextPosition at, std::string_view what);

using ReadValue = std::function<Status(const FileNode&)>;

struct Field {
  std::string key;
  ReadValue read;
};

// Every target must outlive the table that points at it.
ReadValue AsText(std::string* target);
ReadValue AsVariableName(std::string* target);  // of an environment variable, never its value
ReadValue AsFlag(bool* target);
ReadValue AsCount(std::int64_t* target);
ReadValue AsCount(int* target);
ReadValue AsTexts(std::vector<std::string>* target);
ReadValue AsTextMap(std::map<std::string, std::string>* target);
ReadValue AsObject(std::vector<Field> fields);

template <class T>
using Choices = std::vector<std::pair<std::string, T>>;

// "universal", "direct" or "dynamic"
std::string Alternatives(const std::vector<std::string>& words);

template <class T>
ReadValue AsChoice(Choices<T> choices, T* target) {
  return [choices = std::move(choices), target](const FileNode& value) -> Status {
    std::vector<std::string> words;
    for (const auto& choice : choices) {
      if (value.node.kind == JsoncNode::Kind::kString && value.node.text == choice.first) {
        *target = choice.second;
        return Ok();
      }
      words.push_back(choice.first);
    }
    return ErrorIn(value.file, value.node.at, "must be " + Alternatives(words));
  };
}

}  // namespace mg
