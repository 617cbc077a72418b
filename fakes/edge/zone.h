// The site as the edge knows it: its settings, and the counters that belong to them. It outlives
// the gateways behind it.
//
// Thread-safety: all members. Setting begins with counters of zero.
#pragma once
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "core/ports/runtime.h"
#include "fakes/edge/rate_limits.h"
#include "fakes/edge/settings.h"

namespace mg::fake {

// The domain itself, or a name below it.
bool IsUnder(std::string_view host, std::string_view domain);

class Zone {
 public:
  Zone(EdgeSettings settings, const Runtime& runtime);

  // One setting of it all, for as long as it is held.
  struct Rules {
    Rules(EdgeSettings made, const Runtime& runtime)
        : settings(std::move(made)), limits(settings, runtime) {}
    const EdgeSettings settings;
    RateLimits limits;
  };
  std::shared_ptr<Rules> rules() const;
  EdgeSettings settings() const { return rules()->settings; }
  void Set(EdgeSettings settings);

  // Clients speak TLS with the edge. Before the first request.
  void ServeHttps() { https_ = true; }
  bool https() const { return https_; }

  // Says which hosts lead here. Before the first request; without it all do.
  using IsOurs = std::function<bool(const std::string& host)>;
  void NameHosts(IsOurs is_ours) { is_ours_ = std::move(is_ours); }
  bool Knows(const std::string& host) const { return !is_ours_ || is_ours_(host); }

 private:
  const Runtime& runtime_;
  bool https_ = false;
  IsOurs is_ours_;
  mutable Mutex mutex_;
  std::shared_ptr<Rules> rules_;
};

}  // namespace mg::fake
