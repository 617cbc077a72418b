// What commands print, and the codes they end with (OPS-4).
#pragma once
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "core/base/result.h"

namespace mg {

inline constexpr int kExitOk = 0;
inline constexpr int kExitInvalid = 1;      // invalid input, or a check that failed
inline constexpr int kExitCredentials = 2;  // refused credentials
inline constexpr int kExitExternal = 3;     // an external service failed

int ExitCodeOf(const Error& error);

// "moltgate <what>: <message>" on standard error; returns its exit code.
int Fail(const std::string& what, const Error& error);

enum class Format { kJson, kTable };

// A table of {"items": [...]} has a row an item; of any other object, a row a member.
void Print(const nlohmann::ordered_json& value, Format format);

}  // namespace mg
