// What Access decided about the last requests at protected applications, and which check decided.
//
// Thread-safety: all members. Bounded: the oldest go first. Never holds a token or a query.
#pragma once
#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "core/base/json_fwd.h"
#include "core/ports/runtime.h"

namespace mg::fake {

struct AccessVerdict {
  std::uint64_t seq = 0;  // from 1
  std::int64_t at_ms = 0;
  std::string method, host, path;
  std::string application;  // its name
  std::string audience;
  std::string principal;  // email or client id; empty: nobody known
  std::string address;
  // "allow", "bypass", "login" (302), "unauthorized" (401) or "deny" (403).
  std::string verdict;
  // "policy", "no_token", "expired", "service_token_unknown", ...
  std::string check;
  std::string policy;  // id of the one that decided; may be empty
  int status = 0;      // of Access's own answer; 0: the application answers
};

class AccessVerdicts {
 public:
  static constexpr std::size_t kMost = 1000;

  void Add(AccessVerdict verdict);  // sets seq
  std::vector<AccessVerdict> Since(std::uint64_t seq) const;
  void Clear();

 private:
  mutable Mutex mutex_;
  std::uint64_t next_ = 1;
  std::deque<AccessVerdict> kept_;
};

Json AccessVerdictToJson(const AccessVerdict& verdict);  // what is empty is left out

}  // namespace mg::fake
