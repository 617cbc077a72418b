// Unicode's normalisation form C: R2 takes keys that are equal in it for one (wire/storage.md 4.6).
#pragma once
#include <string>
#include <string_view>

namespace mg::fake {

// `text` is valid UTF-8. Pure; up to three times as long as the text.
std::string Nfc(std::string_view text);

}  // namespace mg::fake
