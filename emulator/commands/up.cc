#include <fcntl.h>
#include <unistd.h>

#include <chrono>
#include <ctime>
#include <iostream>
#include <optional>

#include "core/base/bytes.h"
#include "core/base/json.h"
#include "emulator/commands/private_emulator.h"
#include "emulator/commands/run_commands.h"
#include "emulator/journal_file.h"
#include "emulator/seeding.h"
#include "emulator/self.h"
#include "emulator/state.h"
#include "fakes/ai/knobs_json.h"
#include "fakes/edge/settings_json.h"
#include "fakes/plain_json.h"

namespace mg {
namespace {

constexpr Nanos kCallPrintInterval = std::chrono::milliseconds(100);

struct TableRow {
  const char* what;
  const char* address;
  const char* credential;
};

constexpr TableRow kRows[] = {
    {"gateway", "gateway_url", nullptr},
    {"demo tenant", "demo_tenant_host", "demo_tenant_key"},
    {"demo member", "demo_member", nullptr},
    {"operator", "operator_host", "operator"},
    {"KV, D1 (v4 API)", "api_base", "api_token"},
    {"R2 (S3)", "s3_endpoint", "s3_access_key_id"},
    {"AI Gateway", "ai_gateway_base", "ai_gateway_token"},
    {"Access", "access_team_url", nullptr},
    {"management", "management_url", "management_token"},
};

void PrintTable(const Ready& ready) {
  std::size_t widest = 0;
  for (const TableRow& row : kRows) widest = std::max(widest, ready.At(row.address).size());
  const auto pad = [](std::string text, std::size_t width) {
    return text + std::string(width > text.size() ? width - text.size() : 0, ' ');
  };
  std::cout << pad("what", 17) << pad("address", widest + 2) << "credential\n";
  for (const TableRow& row : kRows) {
    const std::string address = ready.At(row.address);
    if (address.empty()) continue;
    std::cout << pad(row.what, 17) << pad(address, widest + 2)
              << (row.credential ? ready.At(row.credential) : "") << "\n";
  }
}

void PrintHints(const Ready& ready, const std::string& state_folder) {
  const std::string host = ready.At("demo_tenant_host");
  if (host.empty()) return;
  const std::string url = ready.At("gateway_url");
  const std::string origin =
      url.substr(0, url.find("://")) + "://" + host + url.substr(url.rfind(':'));
  const std::string authority = ready.At("ca_file");
  const std::string trusting = authority.empty() ? "" : "--cacert " + authority + " ";
  if (!authority.empty())
    std::cout << "\ntrust            " << authority << "   (the authority of these certificates)";
  std::cout << "\nask the model    curl -s " << trusting << origin
            << "/v1/chat/completions -H 'Authorization: Bearer " << ready.At("demo_tenant_key")
            << "' -H 'Content-Type: application/json' -d "
               "'{\"messages\":[{\"role\":\"user\",\"content\":\"What is 17 + 25?\"}]}'\n"
            << "open the agent   " << origin << "/   (sign in as " << ready.At("demo_member")
            << ")\n";
  if (state_folder.empty()) {
    std::cout << "show usage       ./moltgate usage --format table\n";
  } else {
    std::cout << "show usage       sqlite3 -box " << state_folder << "/d1/"
              << ready.At("d1_database_id") << ".sqlite 'SELECT * FROM usage'\n";
  }
  std::cout << std::endl;
}

std::string ClockText(std::int64_t ms) {
  const std::time_t seconds = ms / 1000;
  std::tm utc{};
  ::gmtime_r(&seconds, &utc);
  char text[16];
  std::strftime(text, sizeof(text), "%H:%M:%S", &utc);
  return text;
}

// One line a call: gateway requests at the margin, what they caused indented.
void PrintCalls(const std::vector<fake::JournalEntry>& calls) {
  for (const fake::JournalEntry& entry : calls) {
    std::cout << ClockText(entry.at_ms) << (entry.service == "gateway" ? " " : "   ")
              << entry.service << " " << entry.operation << " " << entry.method << " " << entry.path
              << " " << entry.status << " " << entry.duration_us / 1000 << "."
              << (entry.duration_us % 1000) / 100 << " ms\n";
  }
  std::cout.flush();
}

Result<Profile> ProfileFor(const UpOptions& options) {
  if (!options.profile.empty()) {
    MG_TRY(named, LoadProfile(options.profile, CurrentEnvironment()));
    for (BindingKind* kind :
         {&named.bucket, &named.db, &named.kv, &named.access, &named.ai_gateway})
      if (*kind == BindingKind::kUnset) *kind = BindingKind::kFake;
    return std::move(named);
  }
  EnvironmentVariables environment = CurrentEnvironment();
  environment.emplace("ENVIRONMENT", "development");
  MG_TRY(profile, LoadProfile("", environment));
  profile.bucket = profile.db = profile.kv = profile.access = profile.ai_gateway =
      BindingKind::kFake;
  return std::move(profile);
}

std::string EnvironmentValue(const char* name) {
  const EnvironmentVariables environment = CurrentEnvironment();
  const auto found = environment.find(name);
  return found == environment.end() ? std::string() : found->second;
}

std::vector<std::string> SplitCommand(const std::string& text) {
  std::vector<std::string> words;
  for (std::string_view word : Split(text, ' '))
    if (!word.empty()) words.emplace_back(word);
  return words;
}

std::string PortAdvice(const Error& error, int port_base) {
  if (error.message.find("in use") == std::string::npos) return error.message;
  return error.message + "; stop what listens there or choose other ports with --port-base (now " +
         std::to_string(port_base) + ", 0 picks free ones)";
}

Result<EmulatorOptions> OptionsFor(const UpOptions& options,
                                   const std::optional<StateFolder>& state) {
  MG_TRY(profile, ProfileFor(options));
  EmulatorOptions made;
  made.profile = std::move(profile);
  Settings& settings = made.profile.settings;
  if (options.dev_mode) settings.dev_mode = true;
  if (!options.agent_command.empty())
    settings.sandbox.agent_command = SplitCommand(options.agent_command);
  for (const std::string& text : options.ai) {
    MG_TRY(knob, fake::AiKnobFromText(text));
    MG_RETURN_IF_ERROR(fake::SetAiKnobs(knob, made.ai));
  }
  if (!options.edge.empty()) {
    FileDisk disk;
    MG_TRY(text, disk.Read(options.edge));
    MG_TRY(edge, fake::JsonFromJsonc(text, options.edge));
    const Status set = fake::SetEdgeSettings(edge, made.edge);
    if (!set) return Error{Code::kInvalid, options.edge + ": " + set.error().message};
  }
  made.with_edge = !options.without_edge;
  made.access.enforce = !settings.dev_mode && !settings.e2e_test_mode;
  if (options.tls)
    made.tls_folder = (state ? state->path() : std::string(".moltgate/run")) + "/tls";
  made.model.fixtures = options.model_fixtures;
  made.model.upstream = {options.model_upstream, options.model_upstream_name,
                         EnvironmentValue("MODEL_UPSTREAM_API_KEY")};
  made.model.record_folder = options.model_record;
  made.model.replay_folder = options.model_replay;
  made.only = options.only;
  made.with_gateway = options.only.empty();
  OsRandom random;
  if (state) {
    MG_TRY(credentials, LoadOrMakeCredentials(state->path(), random));
    made.credentials = credentials;
    made.state_folder = state->path();
    settings.outbox_path = state->path() + "/usage.outbox";
  } else {
    made.credentials = fake::MakeCredentials(random);
  }
  if (options.port_base != 0) {
    made.gateway_port = options.port_base;
    made.api_port = options.port_base + 1;
    made.s3_port = options.port_base + 2;
    made.management_port = options.port_base + 3;
  }
  return made;
}

Result<std::optional<StateFolder>> OpenState(const UpOptions& options) {
  if (options.memory) return std::optional<StateFolder>();
  MG_TRY(folder, StateFolder::Open(options.state_folder));
  if (options.fresh) MG_RETURN_IF_ERROR(folder.Empty());
  return std::optional<StateFolder>(std::move(folder));
}

// The structured log goes to a file: the terminal shows calls.
int OpenLogFile() {
  if (!MakeFolder(".moltgate/run")) return 2;
  const int file =
      ::open(".moltgate/run/log.ndjson", O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600);
  return file < 0 ? 2 : file;
}

// Before anything is opened: a file with a mistake starts nothing.
Result<scenario::LoadedSeed> ReadSeedOf(const UpOptions& options) {
  return options.seed.empty() ? Result<scenario::LoadedSeed>(scenario::LoadedSeed())
                              : ReadSeed(options.seed);
}

Result<SeedKeys> FillFrom(const scenario::LoadedSeed& seed, Emulator& emulator,
                          const std::string& state_folder) {
  return seed.document == nullptr ? Result<SeedKeys>(SeedKeys())
                                  : Seed(*seed.document, emulator, state_folder);
}

void PrintKeys(const SeedKeys& keys) {
  for (const auto& [name, secret] : keys) std::cout << "key of " << name << "   " << secret << "\n";
  if (!keys.empty()) std::cout << std::endl;
}

void WarnOfDevMode(const Settings& settings) {
  if (!settings.dev_mode) return;
  std::cout << "*** DEV_MODE: keys and Access are not checked, X-Tenant-Override counts. Never run "
               "it in production. ***\n\n";
}

}  // namespace

int RunUp(const UpOptions& options) {
  auto seed = ReadSeedOf(options);
  if (!seed) return Fail("up", seed.error());
  auto state = OpenState(options);
  if (!state) return Fail("up", state.error());
  auto made = OptionsFor(options, *state);
  if (!made) return Fail("up", made.error());
  const std::string state_folder = made->state_folder;

  ThreadRuntime runtime;
  JsonLinesLog log(OpenLogFile(), LogLevel::kInfo, runtime);
  Emulator emulator(std::move(*made), runtime, log);
  const Status started = emulator.Start();
  if (!started) {
    return Fail("up", {Code::kInvalid, PortAdvice(started.error(), options.port_base), false});
  }
  auto keys = FillFrom(*seed, emulator, state_folder);
  if (!keys) {
    emulator.Stop();
    return Fail("up", keys.error());
  }
  WarnOfDevMode(emulator.settings());
  PrintTable(emulator.ready());
  PrintHints(emulator.ready(), state_folder);
  PrintKeys(*keys);
  JournalFile journal_file(".moltgate/run/journal.ndjson");
  Ready ready = emulator.ready();
  for (const auto& [name, secret] : *keys) ready.values["key " + name] = secret;
  Status noted = WriteRunNotes(ready);
  if (noted && !options.ready_file.empty()) {
    FileDisk disk;
    noted = disk.Replace(options.ready_file, ReadyToJson(ready));
  }
  if (!noted) {
    emulator.Stop();
    return Fail("up", noted.error());
  }
  std::uint64_t last_seq = 0;
  const auto show_calls = [&] {
    const auto calls = emulator.journal().Since(last_seq);
    if (calls.empty()) return;
    last_seq = calls.back().seq;
    journal_file.Append(calls);
    if (!options.quiet) PrintCalls(calls);
  };
  CancelToken stop_showing;
  auto shower = runtime.Spawn("call-shower", [&] {
    do {
      show_calls();
    } while (SleepUnlessCancelled(runtime, runtime.Now() + kCallPrintInterval, stop_showing));
  });
  WaitForStopSignal();
  std::cout << "stopping" << std::endl;
  emulator.Stop();
  stop_showing.Cancel();
  shower->Join();
  show_calls();
  RemoveRunNotes();
  return kExitOk;
}

}  // namespace mg
