#include "scenarios/run/invariants.h"

#include <algorithm>
#include <map>
#include <string_view>

#include "core/base/ids.h"
#include "core/base/json.h"
#include "core/clients/d1.h"

namespace mg::scenario {
namespace {

// "" while it holds; else one sentence that says where not.
using Broken = Result<std::string>;

constexpr Nanos kRowsArrive = std::chrono::seconds(10);
constexpr Nanos kPause = std::chrono::milliseconds(50);

Result<std::vector<D1Row>> Rows(Target& target, const std::string& sql) {
  const Probes probes = target.probes();
  D1Client db(*probes.transport, target.runtime(), *probes.bindings.db);
  CancelToken nobody;
  MG_TRY(answer, db.Query({sql, {}}, nobody));
  return answer.rows;
}

bool SeesRows(Target& target) {
  return target.Has(Need::kState) && target.probes().bindings.db.has_value();
}

bool IsModelAnswer(const fake::JournalEntry& entry) {
  const bool gateway = entry.service == "gateway" || entry.service == "internal";
  return gateway && entry.operation == "model" && entry.status == 200;
}

// AI Gateway's cache answered: no model was tried.
bool IsCacheHit(const fake::JournalEntry& entry) {
  return entry.operation == "ai.run" && entry.status == 200 && entry.attempt == 0;
}

// USG-1. An answer whose caller had gone may have been billed or not.
Broken OneRowPerBilledAnswer(Execution& execution) {
  Target& target = execution.target();
  if (!target.Has(Need::kJournal) || !SeesRows(target)) return std::string();
  Runtime& runtime = target.runtime();
  const Instant gives_up = runtime.Now() + kRowsArrive;
  for (;;) {
    MG_TRY(journal, target.Journal());
    std::int64_t answered = 0, unsure = 0;
    for (const fake::JournalEntry& entry : journal) {
      if (IsCacheHit(entry)) --answered;
      if (!IsModelAnswer(entry)) continue;
      ++(entry.outcome == "ok" ? answered : unsure);
    }
    MG_TRY(rows, Rows(target, "SELECT count(*) AS n, count(DISTINCT id) AS ids FROM usage"));
    const std::int64_t written = rows.front().Int("n");
    if (written >= answered && written <= answered + unsure) return std::string();
    if (runtime.Now() >= gives_up || written > answered + unsure)
      return std::to_string(answered) + " answers were billed, but there are " +
             std::to_string(written) + " usage rows";
    runtime.SleepUntil(runtime.Now() + kPause);
  }
}

// TEN-6, TEN-7
Broken SandboxIdIsPure(Execution& execution) {
  Target& target = execution.target();
  if (!SeesRows(target)) return std::string();
  MG_TRY(rows, Rows(target, "SELECT id, sandbox_id FROM tenants ORDER BY id"));
  for (const D1Row& row : rows) {
    if (row.Text("sandbox_id") == DeriveSandboxId(row.Text("id"))) continue;
    return "tenant " + row.Text("id") + " has sandbox id \"" + row.Text("sandbox_id") +
           "\", which is not derived from it";
  }
  return std::string();
}

// TEN-10: whatever a tenant's request causes works for that tenant.
Broken NoForeignTouch(Execution& execution) {
  if (!execution.target().Has(Need::kJournal)) return std::string();
  MG_TRY(journal, execution.target().Journal());
  std::map<std::uint64_t, const fake::JournalEntry*> by_call;
  for (const fake::JournalEntry& entry : journal) by_call[entry.call] = &entry;
  for (const fake::JournalEntry& entry : journal) {
    const auto cause = by_call.find(entry.parent);
    if (cause == by_call.end() || cause->second->tenant.empty()) continue;
    const std::string& acting = cause->second->tenant;
    const bool key_of_another = entry.service == "s3" && IsSandboxId(entry.subject.substr(0, 19)) &&
                                entry.subject.substr(0, 19) != acting;
    if ((entry.tenant.empty() || entry.tenant == acting) && !key_of_another) continue;
    return "call " + std::to_string(entry.call) + " (" + entry.operation + " " + entry.subject +
           ") touched " + (key_of_another ? entry.subject : entry.tenant) + " in a request of " +
           acting + " (call " + std::to_string(entry.parent) + ")";
  }
  return std::string();
}

// Of UTF-8.
std::size_t Characters(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xc0U) != 0x80U;
  }));
}

// AIG-1
Broken MetadataOnEveryModelCall(Execution& execution) {
  for (const fake::AiGateway::Seen& seen : execution.target().ModelCalls()) {
    const auto json = ParseJson(seen.metadata_json);
    bool whole = json && json->is_object() && json->size() <= 5;
    for (const char* key : {"platform", "tier", "workload", "sandbox_id"}) {
      const std::size_t length = whole ? Characters(StringAt(*json, key)) : 0;
      whole = length > 0 && length <= 64;
    }
    if (!whole)
      return "a call of " + seen.model + " (step " + std::to_string(seen.step) +
             ") came with metadata " + (seen.metadata_json.empty() ? "none" : seen.metadata_json);
  }
  return std::string();
}

// OPS-2
Broken NoSecretInLogs(Execution& execution) {
  Target& target = execution.target();
  std::vector<std::string> secrets = target.Secrets();
  secrets.insert(secrets.end(), execution.keys_made().begin(), execution.keys_made().end());
  for (const sim::LogLine& line : target.Log()) {
    for (const LogField& field : line.fields) {
      const auto* text = std::get_if<std::string>(&field.value);
      if (text == nullptr) continue;
      for (const std::string& secret : secrets)
        if (!secret.empty() && text->find(secret) != std::string::npos)
          return "log line \"" + line.event + "\" shows a secret in its field \"" +
                 std::string(field.name) + "\"";
    }
  }
  return std::string();
}

// LIM-4, as clients saw it: windows open with the first answer of a counter, and no more good
// answers come in one than the limit that the answers themselves name.
Broken NeverAboveTheLimit(Execution& execution) {
  constexpr Nanos kWindow = std::chrono::seconds(60);
  std::map<std::string, std::vector<ClientSaw>> counters;
  for (const ClientSaw& saw : execution.client_saw()) {
    if (saw.status != 200 || saw.limit == 0) continue;
    const bool is_public = saw.path == "/api/status";
    if (!is_public && saw.path != "/v1/chat/completions") continue;
    counters[saw.host + saw.path + (is_public ? " from " + saw.from : "") + " limit " +
             std::to_string(saw.limit)]
        .push_back(saw);
  }
  for (auto& [name, calls] : counters) {
    std::sort(calls.begin(), calls.end(),
              [](const ClientSaw& a, const ClientSaw& b) { return a.began < b.began; });
    Instant end;
    std::int64_t admitted = 0;
    for (std::size_t i = 0; i < calls.size(); ++i) {
      if (i == 0 || calls[i].began >= end) {
        end = calls[i].began + kWindow;
        admitted = 0;
      }
      if (++admitted <= calls[i].limit) continue;
      return name + ": " + std::to_string(admitted) + " answers in one window, but the limit is " +
             std::to_string(calls[i].limit);
    }
  }
  return std::string();
}

struct Invariant {
  std::string_view name;
  Broken (*check)(Execution&);
};

constexpr Invariant kInvariants[] = {
    {"sandbox-id-is-pure", SandboxIdIsPure},
    {"no-foreign-touch", NoForeignTouch},
    {"metadata-on-every-model-call", MetadataOnEveryModelCall},
    {"no-secret-in-logs", NoSecretInLogs},
    {"never-above-the-limit", NeverAboveTheLimit},
    {"one-usage-row-per-billed-answer", OneRowPerBilledAnswer},
};

bool SwitchedOff(const Scenario& scenario, std::string_view name) {
  const JsoncNode* without =
      scenario.finally == nullptr ? nullptr : scenario.finally->Find("without");
  if (without == nullptr) return false;
  return std::any_of(without->items.begin(), without->items.end(), [&](const JsoncNode& item) {
    const JsoncNode* invariant = item.Find("invariant");
    return invariant != nullptr && invariant->text == name;
  });
}

}  // namespace

Result<std::optional<Failure>> BrokenInvariant(Execution& execution) {
  for (const Invariant& invariant : kInvariants) {
    if (SwitchedOff(execution.scenario(), invariant.name)) continue;
    MG_TRY(broken, invariant.check(execution));
    if (broken.empty()) continue;
    Failure failure;
    failure.kind = "invariant";
    failure.message = std::string(invariant.name) + ": " + broken;
    failure.source = &execution.scenario().source();
    return std::optional<Failure>(std::move(failure));
  }
  return std::optional<Failure>();
}

}  // namespace mg::scenario
