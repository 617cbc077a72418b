// Key ids of the RSA keys that ship with the Access fake. Their private halves are public, so
// production refuses them (ACC-4). A test of the fake keeps this list true.
#pragma once
#include <string_view>

namespace mg {

// SHA-256 of each public key in DER (SubjectPublicKeyInfo), which is also its kid.
inline constexpr std::string_view kKnownFakeKids[] = {
    "e8ce1970e03d573bc9b7598b40d3925f192aca71c6fc45bcc281639ca9edae22",
    "91659b74a7e5b4d07285e541abffac30748182b2348b9c3ec10195b5e2876fa7",
};

}  // namespace mg
