#pragma once
#include <nlohmann/json_fwd.hpp>

namespace mg {
using Json = nlohmann::json;
}
