// Values of a scenario: variables, "{{templates}}" and durations.
#pragma once
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/duration.h"
#include "core/base/json_fwd.h"
#include "core/base/jsonc.h"
#include "core/base/result.h"
#include "core/ports/runtime.h"

namespace mg::scenario {

// Names to values. A value is an object when the name has parts: {{acme.key}}.
class Variables {
 public:
  Variables();
  ~Variables();
  Variables(const Variables&);
  Variables& operator=(const Variables&);

  void Set(std::string_view dotted_name, Json value);
  const Json* Find(std::string_view dotted_name) const;  // nullptr when there is none
  std::vector<std::string> Names() const;                // dotted, sorted

 private:
  std::unique_ptr<Json> root_;
};

// The node with its templates filled in. A string that is one template alone keeps the variable's
// type. Matchers ({"$gt": 1}) are left as they are; "$$x" as a key becomes "$x".
// Errors: kInvalid, naming the variable and the nearest one that is known.
Result<Json> Resolve(const JsoncNode& node, const Variables& variables);
// Errors: kInvalid also when it is no string or number afterwards.
Result<std::string> ResolveText(const JsoncNode& node, const Variables& variables);

std::optional<Nanos> DurationOf(std::string_view text);  // nullopt when it is none

// RFC 3339 in UTC: "2026-01-15T09:59:58Z", fractions allowed. nullopt for anything else.
std::optional<WallTime> ParseTime(std::string_view text);
std::string TimeText(WallTime time);  // "2026-01-15T09:59:58.000Z"

}  // namespace mg::scenario
