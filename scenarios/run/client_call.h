// What a `request` or `chat` step sends.
#pragma once
#include <optional>
#include <string>

#include "core/base/json_fwd.h"
#include "core/base/jsonc.h"
#include "core/base/result.h"
#include "core/http/message.h"
#include "scenarios/run/target.h"
#include "scenarios/run/values.h"

namespace mg::scenario {

// A call that still needs its Access token, which takes the target to make.
struct DraftedCall {
  ClientCall call;
  std::optional<fake::Mint> identity;
  std::string host;  // without port
};

// Errors: kInvalid, for a variable that is missing or has the wrong type.
Result<DraftedCall> DraftRequest(const JsoncNode& request, const Variables& variables,
                                 const Site& site);
Result<DraftedCall> DraftChat(const JsoncNode& chat, const Variables& variables, const Site& site);

}  // namespace mg::scenario
