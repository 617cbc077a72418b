#include "fakes/access/mint.h"

#include <chrono>

#include "core/base/bytes.h"
#include "core/base/duration.h"
#include "core/base/json.h"
#include "fakes/access/forge.h"

namespace mg::fake {
namespace {

Error Wrong(const std::string& field, const char* what) {
  return {Code::kInvalid, "\"" + field.substr(0, 64) + "\" " + what, false};
}

bool ReadSeconds(const Json& value, bool may_be_negative, std::int64_t& out) {
  if (!value.is_string()) return false;
  std::string text = value.get<std::string>();
  const bool back = may_be_negative && !text.empty() && text.front() == '-';
  if (back) text.erase(0, 1);
  const auto length = ParseDuration(text);
  if (!length) return false;
  out = std::chrono::duration_cast<std::chrono::seconds>(*length).count() * (back ? -1 : 1);
  return true;
}

bool ReadSigner(const Json& value, Mint::SignedBy& out) {
  if (value == "weak") {
    out = Mint::SignedBy::kWeak;
  } else if (value == "unlisted") {
    out = Mint::SignedBy::kUnlisted;
  } else {
    return false;
  }
  return true;
}

bool ReadDamage(const Json& value, std::string& out) {
  if (!value.is_string()) return false;
  out = value.get<std::string>();
  const std::string words = MintDamages();
  for (const std::string_view word : Split(words, ' '))
    if (word == out) return true;
  return false;
}

bool ReadFlag(const Json& value, bool& out) {
  if (value.is_boolean()) out = value.get<bool>();
  return value.is_boolean();
}

bool ReadText(const Json& value, std::string& out) {
  if (value.is_string()) out = value.get<std::string>();
  return value.is_string() && !out.empty();
}

bool ReadObject(const Json& value, std::string& out) {
  if (value.is_object()) out = DumpJson(value);
  return value.is_object();
}

Status ReadField(const std::string& name, const Json& value, Mint& mint) {
  const auto must = [&name](bool read, const char* what) {
    return read ? Ok() : Status(Wrong(name, what));
  };
  constexpr const char* kDuration = "must be a duration like \"90s\"";
  if (name == "email") return must(ReadText(value, mint.email), "must be a text");
  if (name == "common_name") return must(ReadText(value, mint.common_name), "must be a text");
  if (name == "expired") return must(ReadFlag(value, mint.expired), "must be true or false");
  if (name == "wrong_audience")
    return must(ReadFlag(value, mint.wrong_audience), "must be true or false");
  if (name == "previous_key")
    return must(ReadFlag(value, mint.previous_key), "must be true or false");
  if (name == "lifetime") return must(ReadSeconds(value, false, mint.lifetime_seconds), kDuration);
  if (name == "clock_offset")
    return must(ReadSeconds(value, true, mint.clock_offset_seconds), kDuration);
  if (name == "claims") return must(ReadObject(value, mint.claims_json), "must be an object");
  if (name == "header") return must(ReadObject(value, mint.header_json), "must be an object");
  if (name == "signed_by")
    return must(ReadSigner(value, mint.signed_by), "must be \"weak\" or \"unlisted\"");
  if (name == "damage") return must(ReadDamage(value, mint.damage), "is no damage that is known");
  return Wrong(name, "is no field of a token");
}

}  // namespace

bool IsPlain(const Mint& mint) {
  return !mint.expired && !mint.wrong_audience && !mint.previous_key &&
         mint.lifetime_seconds == Mint{}.lifetime_seconds && mint.clock_offset_seconds == 0 &&
         mint.claims_json.empty() && mint.header_json.empty() &&
         mint.signed_by == Mint::SignedBy::kUsual && mint.damage.empty();
}

Result<Mint> MintFromJson(const Json& json) {
  if (!json.is_object()) return Error{Code::kInvalid, "a token to mint is an object", false};
  Mint mint;
  for (const auto& [name, value] : json.items()) MG_RETURN_IF_ERROR(ReadField(name, value, mint));
  if (mint.email.empty() == mint.common_name.empty())
    return Error{Code::kInvalid,
                 "a token is a person's (\"email\") or a service's "
                 "(\"common_name\")",
                 false};
  return mint;
}

std::string MintDamages() {
  std::string words;
  for (const ForgeWord& word : ForgeWords()) words += (words.empty() ? "" : " ") + word.name;
  return words;
}

}  // namespace mg::fake
