// The routes, and what each asks of the gates after it (SPEC "Routes").
#pragma once
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "core/gateway/exchange.h"
#include "core/gateway/services.h"

namespace mg {

enum class TenantFrom { kNowhere, kHost, kSandboxToken };
enum class Credential { kNone, kMember, kOperator, kKey };
enum class Where { kAnyHost, kTenantHost, kOperatorHost, kInternal };

enum Binding : unsigned { kNoBinding = 0, kBucket = 1, kDb = 2, kKv = 4 };

using RouteHandler = Response (*)(Exchange&, Services&);

struct Route {
  std::string_view name;
  Where where;
  std::string_view methods;  // "GET PUT"; GET stands for HEAD too (RFC 9110 9.3.2); "*" for any
  std::string_view
      path;  // "/api/admin/tenants/{slug}"; a last "*" takes the rest, slashes included
  TenantFrom tenant;
  Credential credential;
  unsigned bindings;           // a bit set of Binding
  bool address_limit;          // LIM-1
  bool model_quota;            // LIM-2
  bool failure_budget;         // LIM-9
  std::size_t body_cap_bytes;  // 0: the body is not read here
  RouteHandler answer;
};

inline constexpr std::size_t kOwnBodyCapBytes = 8 * 1024 * 1024;

struct RouteMatch {
  const Route* route = nullptr;
  bool path_known = false;      // another method would have matched
  std::string allowed_methods;  // for 405
  std::vector<std::pair<std::string_view, std::string>> captures;
};

RouteMatch MatchRoute(Where where, std::string_view method, std::string_view path);

// Routes whose errors are in OpenAI's shape.
bool IsModelPath(std::string_view path);

}  // namespace mg
