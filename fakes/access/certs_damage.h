// What can be wrong with the document that a team publishes its keys in: the levers behind a
// fault's "certs".
//
// Thread-safety: pure functions.
#pragma once
#include <string>
#include <string_view>

#include "core/http/message.h"

namespace mg::fake {

bool IsCertsDamage(std::string_view word);
std::string CertsDamages();  // every word, a space between two

// `response` is an honest answer; `word` one of the above.
void DamageCerts(std::string_view word, Response& response);

}  // namespace mg::fake
