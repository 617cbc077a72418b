// Text and byte helpers on std::string. Every decoder is total and strict: wrong input is nullopt.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mg {

std::string HexEncode(std::string_view bytes);  // lower case
std::optional<std::string> HexDecode(std::string_view text);

std::string Base64Encode(std::string_view bytes);  // standard alphabet, padded
std::optional<std::string> Base64Decode(std::string_view text);

std::string Base64UrlEncode(std::string_view bytes);  // no padding
// Refuses padding, white space, foreign characters and non-zero trailing bits (one text per value).
std::optional<std::string> Base64UrlDecode(std::string_view text);

// RFC 3986 unreserved characters stay; `keep` lists further bytes left as they are (e.g. "/").
std::string PercentEncode(std::string_view text, std::string_view keep = "");
// nullopt on a '%' without two hex digits. '+' stays '+'.
std::optional<std::string> PercentDecode(std::string_view text);

std::string AsciiLower(std::string_view text);
std::string_view TrimSpace(std::string_view text);  // SP, HTAB, CR, LF
bool EqualsIgnoreCase(std::string_view a, std::string_view b);
std::vector<std::string_view> Split(std::string_view text,
                                    char separator);  // "" gives one empty part

// Decimal digits only: no sign, no space, no overflow.
std::optional<std::uint64_t> ParseUint(std::string_view text);
std::optional<std::int64_t> ParseInt(std::string_view text);

bool IsValidUtf8(std::string_view text);

}  // namespace mg
