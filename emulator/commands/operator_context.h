// What an operator command works on: the registry's services over the D1 and KV of a profile, or of
// the emulator that runs in this folder.
#pragma once
#include <memory>
#include <optional>
#include <string>

#include "core/adapters/http_transport.h"
#include "core/adapters/small_adapters.h"
#include "core/adapters/thread_runtime.h"
#include "core/clients/d1.h"
#include "core/clients/kv.h"
#include "core/config/profile.h"
#include "core/services/models.h"
#include "core/services/registry.h"
#include "emulator/ready.h"

namespace mg {

class OperatorContext {
 public:
  // `profile_path` empty: the running emulator's. Errors: kInvalid, kNotFound with what to do.
  static Result<std::unique_ptr<OperatorContext>> Open(const std::string& profile_path);

  const Profile& profile() const { return profile_; }
  D1Client& db() { return *db_; }
  Registry& registry() { return *registry_; }
  Result<RoutingView> Routing(
      const Tenant& tenant);  // AIG-11, by the operators' map if there is one
  CancelToken& cancel() { return cancel_; }

 private:
  explicit OperatorContext(Profile profile);

  Profile profile_;
  ThreadRuntime runtime_;
  OsRandom random_;
  JsonLinesLog log_{2, LogLevel::kError, runtime_};
  HttpTransport transport_{{}, runtime_};
  CancelToken cancel_;
  std::optional<KvClient> kv_;
  std::optional<D1Client> db_;
  std::optional<Registry> registry_;
};

// The profile a command means, with fake bindings pointed at the running emulator.
Result<Profile> CommandProfile(const std::string& profile_path);

}  // namespace mg
