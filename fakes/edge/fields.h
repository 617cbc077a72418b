// What a rule can look at in a request and its answer: the part of Cloudflare's fields that this
// edge knows (wire/access-edge-sandbox.md 2.5).
//
// Thread-safety: values without state.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "core/http/message.h"

namespace mg::fake {

// One request on its way through the edge. `response` is null until there is one.
struct Traffic {
  const Request& request;
  std::string_view host;     // lower case, without port
  std::string_view address;  // of the client
  std::string_view country;
  std::string_view colo;
  bool https = false;
  const Response* response = nullptr;
};

struct Field {
  enum class Name {
    kMethod,
    kUri,
    kPath,
    kQuery,
    kHost,
    kUserAgent,
    kCookieHeader,
    kReferer,
    kCountry,
    kPlace,
    kAddress,
    kHttps,
    kHeader,
    kCookie,
    kArgument,
    kStatus,
    kResponseHeader
  };
  enum class Type { kText, kNumber, kAddress, kBool };

  Name name = Name::kPath;
  Type type = Type::kText;
  std::string key;  // of kHeader, kCookie, kArgument, kResponseHeader

  bool keyed() const;  // it has any number of values
  bool of_response() const { return name == Name::kStatus || name == Name::kResponseHeader; }
};

// `name` without its ["key"]. Errors: kInvalid, naming it.
Result<Field> FieldOf(std::string_view name);

// A field that is not there has none, which differs from an empty one.
std::vector<std::string> ValuesOf(const Field& field, const Traffic& traffic);

}  // namespace mg::fake
