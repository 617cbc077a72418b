// The commands that run something: up, serve, exec, smoke; state export and import; and those that
// only look: profile show, env validate, access token. Each returns an exit code.
#pragma once
#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "emulator/commands/output.h"

namespace mg {

struct UpOptions {
  std::string state_folder = ".moltgate/state";
  bool fresh = false;
  bool memory = false;
  bool dev_mode = false;
  bool quiet = false;  // no line for each call
  int port_base = 8787;
  std::set<std::string> only;
  std::string ready_file;
  std::string agent_command;
  std::string profile;
  std::vector<std::string> ai;  // knobs of AI Gateway: "first_token=200ms"
  std::string edge;             // a file of its settings
  bool without_edge = false;
  bool tls = false;
  std::string seed;  // a file of what the fakes hold from the start
  std::string model_fixtures, model_upstream, model_upstream_name, model_record, model_replay;
};

int RunUp(const UpOptions& options);
int RunServe(const std::string& profile);
int RunExec(const std::vector<std::string>& command, bool dev_mode);
int RunSmoke(Format format);
int StateExport(const std::string& folder, const std::string& file);
int StateImport(const std::string& folder, const std::string& file);
int PrintGaps(Format format);  // what the fakes do not do, from their route tables

int ProfileShow(const std::string& profile);
int EnvValidate(const std::string& profile, Format format);

struct TokenOptions {
  std::string email;
  std::string service;  // client id
  bool expired = false;
  bool wrong_audience = false;
  bool previous_key = false;
  std::string lifetime, clock_offset;        // durations
  std::vector<std::string> claims, without;  // "name=value", names
  std::string signed_by, damage;             // fakes/access/mint.h
};
int AccessToken(const TokenOptions& options);

}  // namespace mg
