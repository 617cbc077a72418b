// Key ids of the RSA keys that ship with the Access fake. Their private halves are public, so
// production refuses them (ACC-4). A test of the fake keeps this list true.
#pragma once
#include <string_view>

namespace mg {

// SHA-256 of each public key in DER (SubjectPublicKeyInfo), which is also its kid.
inline constexpr std::string_view kKnownFakeKids[] = {
    "e8ce1970e03d573bc9b7598b40d3925f192aca71c6fc45bcc281639ca9edae22",
    "91659b74a7e5b4d07285e541abffac30748182b2348b9c3ec10195b5e2876fa7",
    "d61b7a01830c8797437edb57df1b184b4af2c3ae41b2ae639a68786e422786a2",
    "8c4d345db823cdb734c2987dabc6e9fdf3d5287378f93fb6a9853ed71130b6a1",
    "0c51e23dc17154127b300346696ea04454e130faae28b2d68a3ce471d6f35136",
    "3ebb739fadcceb0f9ad705c76285af540770d8922814d461f9fd75184ffb69d5",
};

}  // namespace mg
