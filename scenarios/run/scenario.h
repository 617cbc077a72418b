// A scenario as its file says it, checked: shapes, keys, durations, names of variables. Values stay
// nodes of the file, so that whatever fails later can point at its line.
//
// Ownership: steps point into `root` of the same Scenario, and into `included`, which it keeps.
#pragma once
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/jsonc.h"
#include "core/base/result.h"
#include "core/ports/runtime.h"

namespace mg::scenario {

// A file that was read, for showing its lines.
struct Source {
  std::string path;  // as it was named
  std::string text;
  JsoncNode root;
};

enum class StepKind {
  kRequest,   // one request to the gateway
  kChat,      // the same, asking the model
  kBurst,     // many of them
  kTogether,  // steps at the same time
  kAdvance,   // time passes
  kQuery,     // rows of TENANT_DB
  kKv,        // a value of TENANT_KV
  kObject,    // an object of MOLTBOT_BUCKET
  kApi,       // a call of Cloudflare's API, by the account's owner
  kS3,        // a signed call of R2's S3 endpoint
  kLog,       // lines of the gateway's log
  kMetric,    // one of the gateway's metrics
  kCalls,     // entries of the journal
  kFaults,    // more of them from here on
  kRecover,   // ends faults, by id or all
  kStart,     // a process with given settings: refused or ready
  kRestart,   // the gateway stops, drained or killed, and starts again
  kRaw,       // bytes on a socket
};
std::string_view StepWord(StepKind kind);  // the key that names it in a file: "request", ...

struct Step {
  StepKind kind = StepKind::kRequest;
  std::string name;  // may be empty
  const Source* source = nullptr;
  TextPosition at;                    // of the step
  const JsoncNode* action = nullptr;  // the value of its kind's key
  const JsoncNode* expect = nullptr;  // may be null
  const JsoncNode* capture =
      nullptr;  // may be null; name -> "status" | "header:x" | "json:/pointer" | "text"
  std::optional<Nanos> eventually;  // reads alone: repeated until true, at most this long
  std::vector<Step> together;       // of kTogether
  Nanos after = Nanos::zero();      // inside `together`: begins so much later than the others
};

// One row of `each`, or the only instance of a file without it.
struct Instance {
  std::string label;                // "" or "[free]" or "[2]"
  const JsoncNode* vars = nullptr;  // the row: an object; null without `each`
};

struct Scenario {
  std::string id;
  std::string title;
  std::vector<std::string> covers;  // ids of rules: "TEN-6"
  std::vector<std::string> tags;
  std::vector<std::string> targets;  // "virtual", "socket", "url": where it may run; all when empty
  std::vector<std::unique_ptr<Source>> sources;  // the file itself first, then what it includes
  std::vector<const JsoncNode*> vars;            // included ones first
  std::vector<Instance> instances;               // at least one
  std::vector<const JsoncNode*> given;           // included ones first; may be empty
  std::vector<const JsoncNode*> faults;          // one node for each fault
  std::vector<Step> steps;                       // included ones first
  const JsoncNode* finally = nullptr;            // may be null

  const Source& source() const { return *sources.front(); }
};

struct Problem {
  std::string path;
  TextPosition at;
  std::string message;  // what is wrong and what to do
};
std::string ProblemText(const Problem& problem);  // "path:line:column: message"

// How files are read: the disk, or a test's own. Errors: kNotFound.
using ReadFile = Result<std::string> (*)(const std::string& path);

// Either the scenario or every problem found, in the order of the file. Never runs anything.
struct Loaded {
  std::optional<Scenario> scenario;
  std::vector<Problem> problems;
};
Loaded LoadScenario(const std::string& path, ReadFile read);

// The JSON Schema of these files, from the same table of keys that the loader checks with.
std::string ScenarioSchemaJson();

}  // namespace mg::scenario
