// The applications that Access stands in front of, and which of them a request is for: the most
// specific host and path, nothing inherited from a less specific one
// (wire/access-edge-sandbox.md 1.9).
//
// Thread-safety: all members. Bounded: 500 applications.
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/ports/runtime.h"
#include "fakes/access/policies.h"

namespace mg::fake {

struct AccessApplication {
  std::string id;        // UUID
  std::string audience;  // the AUD tag, 64 hex
  std::string name;
  // "acme.localhost", "*.localhost/v1": a '*' stands for one label or a part of it; a path covers
  // what is below it, a '*' in it one level.
  std::vector<std::string> domains;
  std::int64_t session_seconds = 24 * 3600;
  std::vector<AccessPolicy> policies;
  bool http_only_cookie = true;
  std::string same_site;  // "none", "lax", "strict"; empty: the fake's default
  bool path_cookie = false;
  bool binding_cookie = false;
  bool options_preflight_bypass = false;
  bool auto_redirect_to_identity = false;
  bool app_launcher_visible = true;
  std::string read_service_tokens_from_header;  // "Authorization", or empty
  std::int64_t revoked_before_s = 0;            // tokens of before then are no good
  std::int64_t created_ms = 0, updated_ms = 0;
};

class AccessApplications {
 public:
  using Kept = std::shared_ptr<const AccessApplication>;

  static constexpr std::size_t kMost = 500;

  Kept For(std::string_view host, std::string_view path) const;  // null: no application
  Kept Get(std::string_view id) const;                           // by id or by audience; null
  std::vector<Kept> List() const;                                // in the order of making
  bool Put(AccessApplication application);  // new, or in place of its id; false when full
  bool Remove(std::string_view id);
  void Reset(std::vector<AccessApplication> seeded);

 private:
  mutable Mutex mutex_;
  std::vector<Kept> kept_;
};

// How specific a match is: more labels and segments spelt out are more; negative: no match.
int MatchOfDomain(std::string_view domain, std::string_view host, std::string_view path);

}  // namespace mg::fake
