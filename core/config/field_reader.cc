#include "core/config/field_reader.h"

#include <limits>
#include <optional>

#include "core/base/bytes.h"

namespace mg {
namespace {

using Kind = JsoncNode::Kind;

constexpr std::string_view kSecretAdvice =
    "a secret never stands in a profile: put it in an environment variable, and where that is not "
    "the usual one, name the variable (\"token_env\", \"access_key_env\", \"secret_env\")";

std::optional<std::int64_t> CountOf(const JsoncNode& node) {
  return node.kind == Kind::kNumber ? ParseInt(node.text) : std::nullopt;
}

template <class Integer>
ReadValue CountInto(Integer* target) {
  return [target](const FileNode& value) -> Status {
    const auto count = CountOf(value.node);
    if (!count || *count > std::numeric_limits<Integer>::max()) {
      return ErrorIn(value.file, value.node.at, "must be a whole number, as in 60");
    }
    *target = static_cast<Integer>(*count);
    return Ok();
  };
}

bool IsVariableName(std::string_view text) {
  constexpr std::string_view kDigits = "0123456789";
  constexpr std::string_view kAllowed =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_0123456789";
  return !text.empty() && kDigits.find(text.front()) == std::string_view::npos &&
         text.find_first_not_of(kAllowed) == std::string_view::npos;
}

bool SoundsSecret(std::string_view key) {
  const std::string lower = AsciiLower(key);
  for (const char* word : {"token", "secret", "password", "api_key", "access_key"}) {
    if (lower.find(word) != std::string::npos) return true;
  }
  return false;
}

Error UnknownKey(const std::string& file, const JsoncNode::Member& member,
                 const std::vector<Field>& fields) {
  std::vector<std::string> known;
  for (const Field& field : fields) known.push_back(field.key);
  std::string what = "unknown key \"" + member.key + "\"";
  const std::string nearest = NearestWord(member.key, known);
  const bool literal_secret = SoundsSecret(member.key) && member.value.kind == Kind::kString;
  if (!nearest.empty()) {
    what += "; did you mean \"" + nearest + "\"?";
  } else if (!literal_secret) {
    what += "; known here: " + Alternatives(known);
  }
  if (literal_secret) what += "; " + std::string(kSecretAdvice);
  return ErrorIn(file, member.at, what);
}

}  // namespace

Error ErrorIn(const std::string& file, TextPosition at, std::string_view what) {
  return Error{Code::kInvalid,
               file + ":" + std::to_string(at.line) + ":" + std::to_string(at.column) + ": " +
                   std::string(what),
               false};
}

std::string Alternatives(const std::vector<std::string>& words) {
  std::string text;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (i > 0) text += i + 1 == words.size() ? " or " : ", ";
    text += "\"" + words[i] + "\"";
  }
  return text;
}

ReadValue AsText(std::string* target) {
  return [target](const FileNode& value) -> Status {
    if (value.node.kind != Kind::kString) {
      return ErrorIn(value.file, value.node.at, "must be a text in double quotes");
    }
    *target = value.node.text;
    return Ok();
  };
}

ReadValue AsVariableName(std::string* target) {
  return [target](const FileNode& value) -> Status {
    if (value.node.kind != Kind::kString || !IsVariableName(value.node.text)) {
      // The text is not repeated: it may be the secret itself.
      return ErrorIn(value.file, value.node.at,
                     "must be the name of an environment variable, as in "
                     "\"CLOUDFLARE_API_TOKEN\"; " +
                         std::string(kSecretAdvice));
    }
    *target = value.node.text;
    return Ok();
  };
}

ReadValue AsFlag(bool* target) {
  return [target](const FileNode& value) -> Status {
    if (value.node.kind != Kind::kBool) {
      return ErrorIn(value.file, value.node.at, "must be true or false");
    }
    *target = value.node.boolean;
    return Ok();
  };
}

ReadValue AsCount(std::int64_t* target) {
  return CountInto(target);
}
ReadValue AsCount(int* target) {
  return CountInto(target);
}

ReadValue AsTexts(std::vector<std::string>* target) {
  return [target](const FileNode& value) -> Status {
    if (value.node.kind != Kind::kArray) {
      return ErrorIn(value.file, value.node.at, "must be an array of texts");
    }
    std::vector<std::string> texts(value.node.items.size());
    for (std::size_t i = 0; i < texts.size(); ++i) {
      MG_RETURN_IF_ERROR(AsText(&texts[i])({value.node.items[i], value.file}));
    }
    *target = std::move(texts);
    return Ok();
  };
}

ReadValue AsTextMap(std::map<std::string, std::string>* target) {
  return [target](const FileNode& value) -> Status {
    if (value.node.kind != Kind::kObject) {
      return ErrorIn(value.file, value.node.at, "must be an object of texts");
    }
    std::map<std::string, std::string> texts;
    for (const JsoncNode::Member& member : value.node.members) {
      MG_RETURN_IF_ERROR(AsText(&texts[member.key])({member.value, value.file}));
    }
    *target = std::move(texts);
    return Ok();
  };
}

ReadValue AsObject(std::vector<Field> fields) {
  return [fields = std::move(fields)](const FileNode& value) -> Status {
    if (value.node.kind != Kind::kObject) {
      return ErrorIn(value.file, value.node.at, "must be an object");
    }
    for (const JsoncNode::Member& member : value.node.members) {
      const Field* known = nullptr;
      for (const Field& field : fields) {
        if (field.key == member.key) known = &field;
      }
      if (known == nullptr) return UnknownKey(value.file, member, fields);
      MG_RETURN_IF_ERROR(known->read({member.value, value.file}));
    }
    return Ok();
  };
}

}  // namespace mg
