#include "emulator/cli.h"

#include <CLI/CLI.hpp>
#include <functional>
#include <iostream>

#include "core/base/bytes.h"
#include "core/base/jsonc.h"
#include "emulator/agent.h"
#include "emulator/commands/registry_commands.h"
#include "emulator/commands/run_commands.h"
#include "emulator/commands/scenario_commands.h"
#include "emulator/self.h"
#include "fakes/access/mint.h"

namespace mg {
namespace {

using Action = std::function<int()>;

// What the flags of every subcommand are parsed into; one command runs a process.
struct CommandLine {
  Action action;
  OperatorOptions operator_options;
  std::string format = "json";
  std::string slug, name, value, tier = "free", platform, model, profile;
  std::optional<std::string> new_slug, new_tier, new_platform;
  std::int64_t limit_per_minute = 0;
  UpOptions up;
  std::string only;
  std::vector<std::string> exec_command;
  bool dev_mode = false;
  TokenOptions token;
  TestOptions test;
};

Format FormatOf(const CommandLine& line) {
  return line.format == "table" ? Format::kTable : Format::kJson;
}

CLI::App* Leaf(CLI::App& parent, CommandLine& line, const std::string& name,
               const std::string& description, const Action& action) {
  CLI::App* command = parent.add_subcommand(name, description);
  command->callback([&line, action] { line.action = action; });
  return command;
}

void AddFormat(CLI::App* command, CommandLine& line) {
  command->add_option("--format", line.format, "json or table")
      ->check(CLI::IsMember({"json", "table"}));
}

// A leaf that works on the registry.
CLI::App* RegistryLeaf(CLI::App& parent, CommandLine& line, const std::string& name,
                       const std::string& description,
                       const std::function<int(const OperatorOptions&)>& action) {
  CLI::App* command = Leaf(parent, line, name, description, [&line, action] {
    line.operator_options.format = FormatOf(line);
    return action(line.operator_options);
  });
  command->add_option("--profile", line.operator_options.profile,
                      "a profile; default: the running emulator");
  AddFormat(command, line);
  return command;
}

CLI::App* WithSlug(CLI::App* command, CommandLine& line) {
  command->add_option("slug", line.slug, "the tenant")->required();
  return command;
}

CLI::App* WithValue(CLI::App* command, CommandLine& line, const std::string& name,
                    const std::string& description) {
  command->add_option(name, line.value, description)->required();
  return command;
}

void AddModelSource(CLI::App& up, UpOptions& options) {
  up.add_option("--model-fixtures", options.model_fixtures,
                "a JSONC file of answers by match, in place of the built-in model's");
  auto* upstream =
      up.add_option("--model-upstream", options.model_upstream,
                    "ask this OpenAI-compatible server: http://127.0.0.1:11434/v1; a key for it "
                    "comes from MODEL_UPSTREAM_API_KEY");
  up.add_option("--model-upstream-name", options.model_upstream_name,
                "what that server calls its model; default as Workers AI does")
      ->needs(upstream);
  up.add_option("--model-record", options.model_record, "keep its answers in this folder")
      ->needs(upstream);
  up.add_option("--model-replay", options.model_replay,
                "answer from this folder; what is not in it the upstream answers, or nobody");
}

void AddEdge(CLI::App& up, UpOptions& options) {
  auto* edge = up.add_option("--edge", options.edge,
                             "a JSONC file of the edge's settings: caps, rate-limiting rules");
  up.add_flag("--no-edge", options.without_edge, "no edge: clients reach the gateway itself")
      ->excludes(edge);
  up.add_flag("--tls", options.tls,
              "https for application hosts, by a certificate authority of this machine's own");
}

void AddUp(CLI::App& app, CommandLine& line) {
  CLI::App* up =
      Leaf(app, line, "up", "Start the gateway, its fakes and a demo tenant, and stay", [&line] {
        for (std::string_view part : Split(line.only, ','))
          if (!part.empty()) line.up.only.emplace(part);
        for (const std::string& part : line.up.only) {
          if (part == "kv" || part == "d1" || part == "r2" || part == "ai" || part == "access")
            continue;
          return Fail(
              "up",
              {Code::kInvalid,
               "--only knows kv, d1, r2, ai and access; \"" + part + "\" is none of them", false});
        }
        return RunUp(line.up);
      });
  up->add_option("--port-base", line.up.port_base,
                 "gateway N, cloud APIs N+1, S3 N+2, management N+3; 0: free ports")
      ->check(CLI::Range(0, 65532))
      ->capture_default_str();
  up->add_flag("--fresh", line.up.fresh, "start with an empty state folder");
  up->add_flag("--memory", line.up.memory, "keep no state");
  up->add_option("--state", line.up.state_folder, "the state folder")->capture_default_str();
  up->add_option("--only", line.only, "these fakes alone, without the gateway: kv,d1,r2,ai,access");
  up->add_option("--seed", line.up.seed,
                 "a JSONC file of tenants, values, objects and rows that are there from the start");
  up->add_option("--ready-file", line.up.ready_file, "written once everything answers");
  up->add_option("--agent-command", line.up.agent_command,
                 "run this program as the agent of each tenant");
  up->add_option("--profile", line.up.profile,
                 "settings of the gateway; bindings it leaves out are fakes");
  up->add_option("--ai", line.up.ai,
                 "a knob of the AI Gateway fake, may be repeated: first_token=200ms, "
                 "tokens_per_second=20, jitter=0.2")
      ->allow_extra_args(false);
  AddEdge(*up, line.up);
  AddModelSource(*up, line.up);
  up->add_flag("--dev", line.up.dev_mode, "DEV_MODE: no keys, no Access");
  up->add_flag("--quiet", line.up.quiet, "do not print a line for each call");
  up->footer("Example:\n  moltgate up --port-base 0 --memory --ready-file ready.json");
}

void AddRunners(CLI::App& app, CommandLine& line) {
  AddUp(app, line);
  CLI::App* serve = Leaf(app, line, "serve", "Run the gateway of a profile",
                         [&line] { return RunServe(line.profile); });
  serve->add_option("--profile", line.profile,
                    "moltgate.profile.jsonc; without it the environment alone counts");
  serve->footer("Example:\n  moltgate serve --profile staging.profile.jsonc");

  CLI::App* exec =
      Leaf(app, line, "exec", "Run a command against a private emulator, and return its exit code",
           [&line] { return RunExec(line.exec_command, line.dev_mode); });
  exec->add_option("command", line.exec_command, "after --: the program and its arguments")
      ->required();
  exec->add_flag("--dev", line.dev_mode, "DEV_MODE: no keys, no Access");
  exec->footer("Example:\n  moltgate exec -- sh -c 'curl -s $MOLTGATE_GATEWAY_URL/sandbox-health'");

  CLI::App* smoke =
      Leaf(app, line, "smoke", "Tenant, agent and model answer once, with the time of each leg",
           [&line] { return RunSmoke(FormatOf(line)); });
  AddFormat(smoke, line);
  AddFormat(Leaf(app, line, "gaps", "What the fakes do not do, operation by operation",
                 [&line] { return PrintGaps(FormatOf(line)); }),
            line);
  Leaf(app, line, "agent", "The agent stand-in; the gateway starts it",
       [] { return RunAgent(CurrentEnvironment()); });
}

void AddState(CLI::App& app, CommandLine& line) {
  CLI::App* state =
      app.add_subcommand("state", "The emulator's state as one file")->require_subcommand(1);
  const auto add = [&](const char* name, const char* description, const char* file,
                       int (*run)(const std::string&, const std::string&)) {
    CLI::App* command = Leaf(*state, line, name, description,
                             [&line, run] { return run(line.up.state_folder, line.value); });
    command->add_option("file", line.value, file)->required();
    command->add_option("--state", line.up.state_folder, "the state folder")->capture_default_str();
    return command;
  };
  add("export", "Write all stores as they stand at one moment; the emulator may run",
      "written anew, for the owner alone", StateExport)
      ->footer("Example:\n  moltgate state export before.tar");
  add("import", "Replace all stores, or change nothing; no emulator may run on them",
      "of `state export`", StateImport)
      ->footer("Example:\n  moltgate state import before.tar");
}

void AddLookers(CLI::App& app, CommandLine& line) {
  CLI::App* profile = app.add_subcommand("profile", "Profiles")->require_subcommand(1);
  Leaf(*profile, line, "show", "The effective profile, without secrets", [&line] {
    return ProfileShow(line.profile);
  })->add_option("--profile", line.profile, "default: the running emulator's");
  CLI::App* env = app.add_subcommand("env", "The environment")->require_subcommand(1);
  CLI::App* validate =
      Leaf(*env, line, "validate", "Everything that is missing or malformed, at once",
           [&line] { return EnvValidate(line.profile, FormatOf(line)); });
  validate->add_option("--profile", line.profile, "default: the environment alone");
  AddFormat(validate, line);
  CLI::App* access = app.add_subcommand("access", "The Access fake")->require_subcommand(1);
  CLI::App* token = Leaf(*access, line, "token", "Mint a token of the running emulator",
                         [&line] { return AccessToken(line.token); });
  auto* email = token->add_option("--email", line.token.email, "of a person");
  token->add_option("--service", line.token.service, "a service token's client id")
      ->excludes(email);
  token->add_flag("--expired", line.token.expired, "no longer valid");
  token->add_flag("--wrong-aud", line.token.wrong_audience, "for another application");
  token->add_flag("--previous-key", line.token.previous_key, "signed before the rotation");
  token->add_option("--lifetime", line.token.lifetime, "default 24h");
  token->add_option("--clock-offset", line.token.clock_offset, "of the minting clock: -2m");
  token->add_option("--claim", line.token.claims, "name=value over the usual; may be repeated")
      ->allow_extra_args(false);
  token->add_option("--without", line.token.without, "a claim to leave out; may be repeated")
      ->allow_extra_args(false);
  token->add_option("--signed-by", line.token.signed_by, "weak or unlisted: a key nobody accepts");
  token->add_option("--damage", line.token.damage, "one of: " + fake::MintDamages());
  token->footer(
      "Examples:\n  moltgate access token --email dev@moltgate.test\n  moltgate access token "
      "--email dev@moltgate.test --claim type=org --without nbf");
}

void AddTenants(CLI::App& app, CommandLine& line) {
  CLI::App* tenant = app.add_subcommand("tenant", "Tenants")->require_subcommand(1);
  CLI::App* create = WithSlug(
      RegistryLeaf(
          *tenant, line, "create", "Create a tenant",
          [&line](const auto& o) { return TenantCreate(o, line.slug, line.tier, line.platform); }),
      line);
  create->add_option("--tier", line.tier, "free, premium or enterprise")->capture_default_str();
  create->add_option("--platform", line.platform, "where it comes from; default web");
  create->footer("Example:\n  moltgate tenant create acme --tier premium");
  RegistryLeaf(*tenant, line, "list", "All tenants", [](const auto& o) { return TenantList(o); });
  WithSlug(RegistryLeaf(*tenant, line, "show", "One tenant",
                        [&line](const auto& o) { return TenantShow(o, line.slug); }),
           line);
  CLI::App* update = WithSlug(RegistryLeaf(*tenant, line, "update", "Change slug, tier or platform",
                                           [&line](const auto& o) {
                                             return TenantUpdate(o, line.slug, line.new_slug,
                                                                 line.new_tier, line.new_platform);
                                           }),
                              line);
  update->add_option("--slug", line.new_slug, "a new slug");
  update->add_option("--tier", line.new_tier, "free, premium or enterprise");
  update->add_option("--platform", line.new_platform, "a new platform");
  WithSlug(RegistryLeaf(*tenant, line, "delete", "Delete a tenant; its slug stays taken",
                        [&line](const auto& o) { return TenantDelete(o, line.slug); }),
           line);
}

void AddTenantParts(CLI::App& app, CommandLine& line) {
  CLI::App* domain = app.add_subcommand("domain", "Custom domains")->require_subcommand(1);
  WithValue(WithSlug(RegistryLeaf(
                         *domain, line, "add", "Give a host to a tenant; moves it from another one",
                         [&line](const auto& o) { return DomainAdd(o, line.slug, line.value); }),
                     line),
            line, "host", "the domain");
  WithValue(WithSlug(RegistryLeaf(
                         *domain, line, "remove", "Take a host from a tenant",
                         [&line](const auto& o) { return DomainRemove(o, line.slug, line.value); }),
                     line),
            line, "host", "the domain");
  CLI::App* member =
      app.add_subcommand("member", "Who may use a tenant's agent")->require_subcommand(1);
  WithValue(
      WithSlug(RegistryLeaf(*member, line, "add", "Add a member",
                            [&line](const auto& o) { return MemberAdd(o, line.slug, line.value); }),
               line),
      line, "subject", "an email, or <id>.access");
  WithValue(WithSlug(RegistryLeaf(
                         *member, line, "remove", "Remove a member",
                         [&line](const auto& o) { return MemberRemove(o, line.slug, line.value); }),
                     line),
            line, "subject", "an email, or <id>.access");
  WithSlug(RegistryLeaf(*member, line, "list", "All members",
                        [&line](const auto& o) { return MemberList(o, line.slug); }),
           line);
  CLI::App* key = app.add_subcommand("key", "API keys")->require_subcommand(1);
  CLI::App* create =
      WithSlug(RegistryLeaf(*key, line, "create", "Create a key; it is shown this once",
                            [&line](const auto& o) {
                              return KeyCreate(o, line.slug, line.name, line.limit_per_minute);
                            }),
               line);
  create->add_option("--name", line.name, "a name for people");
  create->add_option("--limit-per-minute", line.limit_per_minute, "a limit of its own; 0: none")
      ->check(CLI::NonNegativeNumber);
  WithSlug(RegistryLeaf(*key, line, "list", "All keys, without secrets",
                        [&line](const auto& o) { return KeyList(o, line.slug); }),
           line);
  WithValue(
      WithSlug(RegistryLeaf(*key, line, "revoke", "Revoke a key",
                            [&line](const auto& o) { return KeyRevoke(o, line.slug, line.value); }),
               line),
      line, "id", "of `key list`");
}

void AddTables(CLI::App& app, CommandLine& line) {
  CLI::App* routing = app.add_subcommand("routing", "Model routing")->require_subcommand(1);
  WithSlug(RegistryLeaf(*routing, line, "show", "Model, fallback, limits and metadata of a tenant",
                        [&line](const auto& o) { return RoutingShow(o, line.slug); }),
           line);
  CLI::App* usage =
      RegistryLeaf(app, line, "usage", "Usage by tenant and model",
                   [&line](const auto& o) { return UsageShow(o, line.slug, line.model); });
  usage->add_option("--tenant", line.slug, "one tenant");
  usage->add_option("--model", line.model, "one model");
  CLI::App* migrations =
      app.add_subcommand("migrations", "The schema of TENANT_DB")->require_subcommand(1);
  RegistryLeaf(*migrations, line, "list", "Applied and pending",
               [](const auto& o) { return MigrationsList(o); });
  RegistryLeaf(*migrations, line, "apply", "Apply the pending ones",
               [](const auto& o) { return MigrationsApply(o); });
}

CLI::App* ScenarioLeaf(CLI::App& app, CommandLine& line, const std::string& name,
                       const std::string& description, const Action& action) {
  TestOptions& test = line.test;
  CLI::App* command = Leaf(app, line, name, description, action);
  command->add_option("paths", test.paths,
                      "scenario files, or folders of them; default: scenarios");
  command->add_option("--filter", test.selection.filter, "part of a scenario's id");
  command->add_option("--tags", test.tags, "a,!b: has a, has not b");
  command->add_option("--covers", test.selection.covers, "a rule, or a group of them: TEN-6, TEN");
  command->add_option("--spec", test.spec, "the list of rules")->capture_default_str();
  return command;
}

void AddTest(CLI::App& app, CommandLine& line) {
  TestOptions& test = line.test;
  CLI::App* run =
      ScenarioLeaf(app, line, "test", "Run scenarios", [&line] { return RunTest(line.test); });
  run->add_option("--target", test.target, "virtual, socket, or the URL of a deployment")
      ->capture_default_str();
  run->add_option("--max-requests", test.max_requests, "to a URL, of all scenarios together")
      ->capture_default_str();
  run->add_flag("--watch", test.watch, "run again whenever a file changes");
  run->add_flag("--pause-on-failure", test.pause_on_failure,
                "keep the target of a failed scenario until Enter");
  auto* seed = run->add_option("--seed", test.seed, "what chance is drawn from; default 1");
  run->add_option("--seeds", test.seeds, "A..B: each of them")->excludes(seed);
  run->add_option("--schedule", test.schedule, "which ready task runs next: fifo or random")
      ->check(CLI::IsMember({"fifo", "random"}))
      ->capture_default_str();
  run->add_option("--jobs", test.jobs, "worlds at the same time; default: one a core")
      ->check(CLI::Range(1, 256));
  run->add_option("--repeat", test.repeat, "each so many times")->check(CLI::Range(1, 100000));
  run->add_flag("--fail-fast", test.fail_fast, "end with the first that fails");
  run->add_flag("--check-determinism", test.check_determinism,
                "run each twice; exit 6 when the two differ");
  run->add_flag("--slow", test.slow, "on sockets: also what takes over 5 s");
  run->add_flag("--quiet,-q", test.quiet, "failures and the summary alone");
  run->add_option("--timeout", test.timeout_seconds, "real seconds that one may take; 0: any")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  run->add_option("--report-junit", test.report_junit, "a file, or - for standard output");
  run->add_option("--report-json", test.report_json, "a file, or - for standard output");
  run->add_option("--journal", test.journal_folder, "a folder: every call of each run as NDJSON");
  run->footer(
      "Examples:\n  moltgate test scenarios/suite\n  moltgate test --covers LIM --seeds 1..20 "
      "--schedule random\n  moltgate test --target socket --report-junit junit.xml\n\n"
      "Exit codes: 0 all passed; 1 one failed; 2 bad command line; 3 a file is invalid, nothing "
      "was "
      "run; 4 infrastructure; 5 nothing selected; 6 passed, but not the same twice.");
}

void AddScenarios(CLI::App& app, CommandLine& line) {
  AddTest(app, line);
  ScenarioLeaf(app, line, "check-scenarios", "Read scenario files without running them",
               [&line] { return CheckScenarios(line.test); });
  AddFormat(ScenarioLeaf(app, line, "list", "The scenarios there are",
                         [&line] { return ListScenarios(line.test, FormatOf(line)); }),
            line);
  Leaf(app, line, "schema", "The JSON Schema of scenario files",
       [] { return PrintScenarioSchema(); });
  ScenarioLeaf(app, line, "coverage", "Which rules of the specification scenarios prove",
               [&line] { return RunCoverage(line.test); })
      ->add_option("--fail-under", line.test.fail_under_percent, "percent of the rules")
      ->check(CLI::Range(0, 100))
      ->capture_default_str();
}

bool KnowsWord(const CLI::App& app, const std::string& word) {
  for (const CLI::App* command : app.get_subcommands({}))
    if (command->get_name() == word) return true;
  return false;
}

bool IsScenarioWord(const std::string& word) {
  return word == "test" || word == "check-scenarios" || word == "list" || word == "coverage";
}

// CLI11's own text for an unknown word is about extras; name the word and its neighbour instead.
int ReportUnknownWord(const CLI::App& app, const std::string& word) {
  std::vector<std::string> known;
  for (const CLI::App* command : app.get_subcommands({})) known.push_back(command->get_name());
  std::cerr << "moltgate: unknown command \"" << word << "\"";
  const std::string nearest = NearestWord(word, known);
  if (!nearest.empty()) std::cerr << "; did you mean \"" << nearest << "\"?";
  std::cerr << "\nRun `moltgate --help` for the commands.\n";
  return kExitInvalid;
}

}  // namespace

int RunCommandLine(int argc, char** argv) {
  PrepareProcess();
  CLI::App app(
      "A multi-tenant AI gateway, local fakes of what it stands on, and the proof that it works.",
      "moltgate");
  app.set_version_flag("--version", "moltgate 0.1.0");
  app.require_subcommand(1);
  app.footer(
      "Examples:\n  moltgate up\n  moltgate test\n  moltgate smoke --format table\n  moltgate exec "
      "-- npm test\n\n"
      "Exit codes: 0 ok; 1 invalid input, a failed check or a taken port; 2 refused credentials; 3 "
      "an external "
      "service failed. exec returns the command's own.");
  CommandLine line;
  AddRunners(app, line);
  AddTenants(app, line);
  AddTenantParts(app, line);
  AddTables(app, line);
  AddState(app, line);
  AddLookers(app, line);
  AddScenarios(app, line);
  if (argc > 1 && argv[1][0] != '-' && !KnowsWord(app, argv[1]))
    return ReportUnknownWord(app, argv[1]);
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& asked) {  // --help, --version
    return app.exit(asked);
  } catch (const CLI::ParseError& error) {
    std::cerr << "moltgate: " << error.what()
              << "\nRun `moltgate --help`, or --help after a command.\n";
    return IsScenarioWord(argv[1]) ? kTestUsage : kExitInvalid;
  }
  return line.action();
}

}  // namespace mg
