// One running moltgate: the gateway, those fakes that the profile asks for, and their listeners.
//
// Start brings everything up or returns the first error, leaving nothing behind; Stop drains
// (OPS-5).
#pragma once
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/config/profile.h"
#include "core/ports/log.h"
#include "core/ports/runtime.h"
#include "emulator/ready.h"
#include "fakes/access/access.h"
#include "fakes/ai/knobs.h"
#include "fakes/ai/reply.h"
#include "fakes/ai/upstream.h"
#include "fakes/cloud_knobs.h"
#include "fakes/credentials.h"
#include "fakes/edge/settings.h"
#include "fakes/journal.h"

namespace mg {

class Assembly;
class ThreadRuntime;

// Who answers for models; all empty: the built-in one.
struct ModelSource {
  std::string fixtures;  // a file (fakes/ai/fixtures.h)
  fake::AiUpstreamOptions upstream;
  std::string record_folder, replay_folder;
};

struct EmulatorOptions {
  Profile profile;             // which bindings are fake; settings of the rest
  bool with_gateway = true;    // false: `up --only`, fakes alone
  std::set<std::string> only;  // of kv d1 r2 ai access; empty: all
  std::string state_folder;    // empty: memory alone
  fake::Credentials credentials;
  bool with_demo_tenant = true;
  fake::AiKnobs ai;                                         // of the AI Gateway fake, at the start
  fake::AccessKnobs access;                                 // of the Access fake, at the start
  fake::CloudKnobs cloud;                                   // of the v4 API, KV and D1
  std::vector<std::shared_ptr<fake::ReplySource>> replies;  // before the built-in model
  ModelSource model;
  fake::EdgeSettings edge;
  bool with_edge = true;   // false: clients reach the gateway itself
  std::string tls_folder;  // application hosts are https, by an authority kept here; empty: http

  std::string host = "127.0.0.1";
  std::string management_host = "127.0.0.1";  // its token rules over everything: loopback
  int gateway_port = 0;                       // 0: a free one, for each
  int api_port = 0;
  int s3_port = 0;
  int management_port = 0;
};

class Emulator {
 public:
  Emulator(EmulatorOptions options, ThreadRuntime& runtime, Log& log);
  ~Emulator();

  Status Start();
  void Stop();

  const Ready& ready() const;
  const Settings& settings() const;  // the effective ones
  bool has_gateway() const;
  Assembly& assembly();  // only with a gateway
  bool has_kv_fake() const;
  bool has_d1_fake() const;
  bool has_r2_fake() const;
  fake::Journal& journal();
  // A signed Access token of the fake for this email; "" when Access is real.
  std::string MintToken(const std::string& email);
  Result<std::string> Mint(const fake::Mint& mint);  // any other

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace mg
