#include "core/services/sandboxes.h"

#include <algorithm>
#include <map>
#include <system_error>
#include <unordered_map>
#include <utility>

#include "core/base/bytes.h"
#include "core/base/digest.h"
#include "core/base/ids.h"
#include "core/ports/cancel.h"
#include "core/services/lru_map.h"
#include "core/services/sandboxes_agent.h"
#include "core/services/sandboxes_entry.h"

namespace mg {
namespace {

using std::chrono::milliseconds;

constexpr std::size_t kStartsPerWindow = 5;  // SBX-4
constexpr std::chrono::minutes kStartWindow{10};
constexpr milliseconds kFirstPoll{50};
constexpr milliseconds kLongestPoll{500};
constexpr milliseconds kStartProbe{2'000};
constexpr milliseconds kViewProbe{1'000};
constexpr milliseconds kProbeFresh{1'000};  // /api/status is public: one probe a second is enough
constexpr std::size_t kLongestToken = 128;
// Who asks for a deleted tenant's agent was resolved before the deletion was heard of, seconds ago:
// so many deletions lie not between.
constexpr std::size_t kMaxRetired = 50'000;

}  // namespace

class Sandboxes::Impl {
 public:
  Impl(const Settings& settings, const Models& models, std::string model_base_url,
       SandboxHost& host, Transport& transport, Runtime& runtime, Random& random, Log& log)
      : settings_(settings),
        models_(models),
        model_base_url_(std::move(model_base_url)),
        host_(host),
        transport_(transport),
        runtime_(runtime),
        random_(random),
        log_(log),
        tasks_ended_(runtime.MakeCondVar()),
        retired_(kMaxRetired) {}

  Result<SandboxView> EnsureRunning(const Tenant& tenant, CancelToken& cancel) {
    const std::shared_ptr<Entry> entry = EntryOf(tenant.sandbox_id);
    const auto wake = cancel.OnCancel([this, entry] {
      const Lock lock(mutex_);
      entry->changed->NotifyAll();
    });
    for (;;) {
      std::uint64_t generation = 0;
      {
        Lock lock(mutex_);
        WaitWhileChanging(lock, *entry, cancel);
        if (entry->phase != Phase::kRunning) {
          lock.unlock();
          return StartAndShare(entry, tenant, cancel);
        }
        generation = entry->generation;
      }
      if (StillRuns(*entry, generation)) {
        const Lock lock(mutex_);
        if (entry->phase == Phase::kRunning && entry->generation == generation) {
          return ViewOf(*entry);
        }
      }
    }
  }

  Status BeginStart(const Tenant& tenant) {
    return StartUnlessBusy(EntryOf(tenant.sandbox_id), tenant);
  }

  SandboxView View(std::string_view sandbox_id) {
    const std::shared_ptr<Entry> entry = FindEntry(sandbox_id);
    if (!entry) return {};
    std::uint64_t generation = 0;
    {
      const Lock lock(mutex_);
      if (entry->phase != Phase::kRunning) return ViewOf(*entry);
      generation = entry->generation;
    }
    const bool runs = StillRuns(*entry, generation);
    std::string origin;
    {
      const Lock lock(mutex_);
      if (!runs || runtime_.Now() < entry->probe_fresh_until) return ViewOf(*entry);
      origin = entry->origin;
    }
    CancelToken nobody;
    const bool answers = AnswersHealth(transport_, origin, runtime_.Now() + kViewProbe, nobody);
    const Lock lock(mutex_);
    if (entry->generation == generation) {
      entry->probe_fresh_until = runtime_.Now() + kProbeFresh;
      entry->answered_probe = answers;
    }
    return ViewOf(*entry);
  }

  Status Stop(std::string_view sandbox_id) {
    const std::shared_ptr<Entry> entry = FindEntry(sandbox_id);
    if (!entry || !BreakOffStart(*entry)) return Ok();
    Status stopped = [&] {
      const HostTurn turn(*this, *entry);
      return host_.Stop(entry->sandbox_id);
    }();
    {
      const Lock lock(mutex_);
      entry->phase = stopped ? Phase::kNotRunning : Phase::kFailed;
      entry->error_code = Code::kUnavailable;
      entry->error = stopped ? "" : "it could not be stopped: " + stopped.error().message;
      entry->last_output.clear();
      entry->changed->NotifyAll();
    }
    log_.Write(stopped ? LogLevel::kInfo : LogLevel::kError, "sandbox_stopped",
               {{"sandbox_id", entry->sandbox_id}});
    return stopped;
  }

  void Retire(const std::string& sandbox_id) {
    {
      const Lock lock(mutex_);
      // Every change of a tenant that is gone says so again; the first one stops the agent.
      const bool known = retired_.Peek(sandbox_id) != nullptr;
      retired_.Put(sandbox_id, true);
      if (known) return;
      const auto found = entries_.find(sandbox_id);
      if (closed_ || found == entries_.end()) return;
      const Phase phase = found->second->phase;
      if (phase == Phase::kNotRunning || phase == Phase::kStopping) return;
      ++running_tasks_;
    }
    try {
      // The Task is dropped, as a start's is.
      runtime_.Spawn("sandbox-stop", [this, sandbox_id] {
        static_cast<void>(Stop(sandbox_id));
        EndTask();
      });
    } catch (const std::system_error&) {
      log_.Write(LogLevel::kError, "sandbox_not_stopped",
                 {{"sandbox_id", sandbox_id}, {"reason", "no thread is left to stop it"}});
      EndTask();
    }
  }

  void StopAll() {
    std::vector<std::string> ids;
    {
      const Lock lock(mutex_);
      closed_ = true;
      for (const auto& [id, entry] : entries_) {
        if (entry->phase != Phase::kNotRunning) ids.push_back(id);
      }
    }
    std::vector<std::unique_ptr<Task>> stops;  // side by side: each may take seconds
    stops.reserve(ids.size());
    for (const std::string& id : ids) {
      stops.push_back(runtime_.Spawn("sandbox-stop", [this, id] { static_cast<void>(Stop(id)); }));
    }
    for (const auto& stop : stops) stop->Join();
    Lock lock(mutex_);
    while (running_tasks_ > 0) tasks_ended_->WaitUntil(lock, kNever);
  }

  std::vector<std::string> Logs(std::string_view sandbox_id) {
    const std::shared_ptr<Entry> entry = FindEntry(sandbox_id);
    if (!entry) return {};
    const HostTurn turn(*this, *entry);
    return Output(*entry);
  }

  // Found by its hash: what the time of a look-up tells is about the hash of a guess, which leads
  // to no token.
  std::optional<std::string> TenantOfToken(std::string_view token) {
    if (token.size() > kLongestToken) return std::nullopt;
    const std::string hash = Sha256Hex(token);
    const Lock lock(mutex_);
    const auto found = tenants_by_token_.find(hash);
    if (found == tenants_by_token_.end()) return std::nullopt;
    return found->second;
  }

  std::string AgentToken(std::string_view sandbox_id) const {
    return HexEncode(HmacSha256(settings_.gateway_token, sandbox_id));
  }

 private:
  using Entry = SandboxEntry;
  using Phase = SandboxEntry::Phase;

  // SandboxHost wants the calls for one sandbox one at a time.
  class HostTurn {
   public:
    HostTurn(Impl& impl, Entry& entry) : impl_(impl), entry_(entry) {
      Lock lock(impl_.mutex_);
      while (entry_.host_busy) entry_.changed->WaitUntil(lock, kNever);
      entry_.host_busy = true;
    }
    ~HostTurn() {
      const Lock lock(impl_.mutex_);
      entry_.host_busy = false;
      entry_.changed->NotifyAll();
    }
    HostTurn(const HostTurn&) = delete;
    HostTurn& operator=(const HostTurn&) = delete;

   private:
    Impl& impl_;
    Entry& entry_;
  };

  std::shared_ptr<Entry> EntryOf(const std::string& sandbox_id) {
    const Lock lock(mutex_);
    std::shared_ptr<Entry>& entry = entries_[sandbox_id];
    if (!entry) entry = std::make_shared<Entry>(sandbox_id, runtime_.MakeCondVar());
    return entry;
  }

  std::shared_ptr<Entry> FindEntry(std::string_view sandbox_id) {
    const Lock lock(mutex_);
    const auto found = entries_.find(sandbox_id);
    return found == entries_.end() ? nullptr : found->second;
  }

  void WaitWhileChanging(Lock& lock, const Entry& entry, CancelToken& cancel) {
    while (!cancel.cancelled() &&
           (entry.phase == Phase::kStarting || entry.phase == Phase::kStopping)) {
      entry.changed->WaitUntil(lock, kNever);
    }
  }

  // Starts unless somebody else has, and waits for whichever start it is.
  Result<SandboxView> StartAndShare(const std::shared_ptr<Entry>& entry, const Tenant& tenant,
                                    CancelToken& cancel) {
    if (cancel.cancelled()) return WhyNotRunning(*entry, cancel.cancelled());
    MG_RETURN_IF_ERROR(StartUnlessBusy(entry, tenant));
    Lock lock(mutex_);
    WaitWhileChanging(lock, *entry, cancel);
    if (entry->phase == Phase::kRunning) return ViewOf(*entry);
    return WhyNotRunning(*entry, cancel.cancelled());
  }

  // Begins a start on a task of its own: a caller who goes away does not take it from the others.
  Status StartUnlessBusy(const std::shared_ptr<Entry>& entry, const Tenant& tenant) {
    std::shared_ptr<CancelToken> cancel;
    {
      const Lock lock(mutex_);
      if (entry->phase != Phase::kNotRunning && entry->phase != Phase::kFailed) return Ok();
      if (closed_) return Error{Code::kUnavailable, "the gateway is shutting down", true};
      if (retired_.Peek(entry->sandbox_id) != nullptr)
        return Error{Code::kUnavailable, "the tenant was deleted", false};
      const Instant now = runtime_.Now();
      while (!entry->starts.empty() && now - entry->starts.front() >= kStartWindow) {
        entry->starts.pop_front();
      }
      if (entry->starts.size() >= kStartsPerWindow) {
        return Error{Code::kExhausted, "5 starts in 10 minutes; " + ReasonWithOutput(*entry), true};
      }
      entry->starts.push_back(now);
      entry->phase = Phase::kStarting;
      entry->start = cancel = std::make_shared<CancelToken>();
      ++entry->generation;
      ++running_tasks_;
    }
    try {
      // The Task is dropped: StopAll waits for running_tasks_, and the Runtime for the thread.
      runtime_.Spawn("sandbox-start",
                     [this, entry, tenant, cancel] { RunStart(*entry, tenant, *cancel); });
    } catch (const std::system_error&) {
      GiveUpStart(*entry);
      return Error{Code::kUnavailable, "no thread is left to start the agent", true};
    }
    return Ok();
  }

  // As if the start had failed: nobody waits for a task that never ran.
  void GiveUpStart(Entry& entry) {
    const Lock lock(mutex_);
    entry.phase = Phase::kFailed;
    entry.error_code = Code::kUnavailable;
    entry.error = "no thread was left to start the agent";
    entry.last_output.clear();
    entry.start.reset();
    entry.changed->NotifyAll();
    --running_tasks_;
    tasks_ended_->NotifyAll();
  }

  void EndTask() {
    const Lock lock(mutex_);
    --running_tasks_;
    tasks_ended_->NotifyAll();
  }

  // Leaves the entry stopping, with no start under way. Somebody decided it, so it is no crash and
  // does not count towards the limit on starts.
  // False when it is down already, once whoever was stopping it is done.
  bool BreakOffStart(Entry& entry) {
    std::shared_ptr<CancelToken> start;
    {
      Lock lock(mutex_);
      while (entry.phase == Phase::kStopping) entry.changed->WaitUntil(lock, kNever);
      if (entry.phase == Phase::kNotRunning) return false;
      entry.phase = Phase::kStopping;
      start = entry.start;
    }
    if (start) start->Cancel();
    Lock lock(mutex_);
    while (entry.start) entry.changed->WaitUntil(lock, kNever);
    ForgetToken(entry);
    entry.starts.clear();
    return true;
  }

  void RunStart(Entry& entry, const Tenant& tenant, CancelToken& cancel) {
    const Instant began = runtime_.Now();
    const Result<SandboxEndpoint> started = StartAndWait(entry, tenant, cancel);
    std::string last_lines;
    if (!started) {
      const HostTurn turn(*this, entry);
      last_lines = LastLines(Output(entry));
      static_cast<void>(host_.Stop(entry.sandbox_id));
    }
    const std::int64_t took_ms = (runtime_.Now() - began) / milliseconds(1);
    if (started) {
      log_.Write(LogLevel::kInfo, "sandbox_started",
                 {{"sandbox_id", entry.sandbox_id},
                  {"process_id", started->process_id},
                  {"duration_ms", took_ms}});
    } else {
      log_.Write(LogLevel::kError, "sandbox_start_failed",
                 {{"sandbox_id", entry.sandbox_id},
                  {"reason", started.error().message},
                  {"duration_ms", took_ms}});
    }
    const Lock lock(mutex_);
    if (!started) ForgetToken(entry);
    if (entry.phase == Phase::kStarting) {  // else a stop has taken over
      entry.phase = started ? Phase::kRunning : Phase::kFailed;
      if (started) {
        entry.origin = started->origin;
        entry.process_id = started->process_id;
        entry.answered_probe = true;
        entry.probe_fresh_until = runtime_.Now() + kProbeFresh;
      } else {
        entry.error_code = started.error().code;
        entry.error = started.error().message;
        entry.last_output = std::move(last_lines);
      }
    }
    entry.start.reset();
    entry.changed->NotifyAll();
    --running_tasks_;
    tasks_ended_->NotifyAll();
  }

  Result<SandboxEndpoint> StartAndWait(Entry& entry, const Tenant& tenant, CancelToken& cancel) {
    const Instant deadline = runtime_.Now() + milliseconds(settings_.sandbox.start_limit_ms);
    const AgentSecrets secrets{AgentToken(tenant.sandbox_id),
                               TokenFromBytes("st_", random_.Bytes(32))};
    RememberToken(entry, tenant.id, Sha256Hex(secrets.sandbox_token));
    const SandboxSpec spec{
        tenant.sandbox_id,
        AgentEnvironment(models_.Routing(tenant), model_base_url_, tenant.sandbox_id, secrets)};
    Result<SandboxEndpoint> endpoint = [&] {
      const HostTurn turn(*this, entry);
      return host_.Start(spec);
    }();
    if (!endpoint) return Error{Code::kUnavailable, endpoint.error().message, true};
    MG_RETURN_IF_ERROR(WaitUntilHealthy(entry, endpoint->origin, deadline, cancel));
    return endpoint;
  }

  Status WaitUntilHealthy(Entry& entry, const std::string& origin, Instant deadline,
                          CancelToken& cancel) {
    milliseconds pause = kFirstPoll;
    for (;;) {
      const Instant probe_end = std::min(deadline, runtime_.Now() + kStartProbe);
      if (AnswersHealth(transport_, origin, probe_end, cancel)) return Ok();
      if (!HostSaysRunning(entry)) {
        return Error{Code::kUnavailable, "the agent ended before it answered", true};
      }
      if (runtime_.Now() >= deadline) {
        return Error{Code::kTimeout, "the agent did not answer /health in time", true};
      }
      const Instant next = std::min(deadline, runtime_.Now() + pause);
      if (!SleepUnlessCancelled(runtime_, next, cancel)) {
        return Error{Code::kCancelled, "the agent was stopped while it started", true};
      }
      pause = std::min(pause * 3 / 2, kLongestPoll);
    }
  }

  bool HostSaysRunning(Entry& entry) {
    const HostTurn turn(*this, entry);
    return host_.Running(entry.sandbox_id);
  }

  // False when the agent of that generation is gone; the first to notice writes it down.
  bool StillRuns(Entry& entry, std::uint64_t generation) {
    std::string last_lines;
    {
      const HostTurn turn(*this, entry);
      if (host_.Running(entry.sandbox_id)) return true;
      last_lines = LastLines(Output(entry));
    }
    {
      const Lock lock(mutex_);
      if (entry.generation != generation || entry.phase != Phase::kRunning) return false;
      entry.phase = Phase::kFailed;
      entry.error_code = Code::kUnavailable;
      entry.error = "the agent ended";
      entry.last_output = std::move(last_lines);
      ForgetToken(entry);
      entry.changed->NotifyAll();
    }
    log_.Write(LogLevel::kWarn, "sandbox_ended", {{"sandbox_id", entry.sandbox_id}});
    return false;
  }

  std::vector<std::string> Output(const Entry& entry) {  // within a HostTurn
    std::vector<std::string> lines = host_.RecentOutput(entry.sandbox_id);
    for (std::string& line : lines) HideTokens(line, AgentToken(entry.sandbox_id));
    return lines;
  }

  void RememberToken(Entry& entry, const std::string& tenant_id, std::string hash) {
    const Lock lock(mutex_);
    tenants_by_token_[hash] = tenant_id;
    entry.token_hash = std::move(hash);
  }

  void ForgetToken(Entry& entry) {  // mutex_ is held
    tenants_by_token_.erase(entry.token_hash);
    entry.token_hash.clear();
  }

  const Settings settings_;
  const Models& models_;
  const std::string model_base_url_;
  SandboxHost& host_;
  Transport& transport_;
  Runtime& runtime_;
  Random& random_;
  Log& log_;

  Mutex mutex_;
  const std::unique_ptr<CondVar> tasks_ended_;
  std::map<std::string, std::shared_ptr<Entry>, std::less<>> entries_;
  std::unordered_map<std::string, std::string> tenants_by_token_;  // by SHA-256
  LruMap<bool> retired_;                                           // sandbox ids of deleted tenants
  std::size_t running_tasks_ = 0;  // starts, and stops of retired ones
  bool closed_ = false;
};

Sandboxes::Sandboxes(const Settings& settings, const Models& models, std::string model_base_url,
                     SandboxHost& host, Transport& transport, Runtime& runtime, Random& random,
                     Log& log)
    : impl_(std::make_unique<Impl>(settings, models, std::move(model_base_url), host, transport,
                                   runtime, random, log)) {}

// Finds something to stop only when a start-up was broken off; StopAll is the way to end agents.
Sandboxes::~Sandboxes() {
  impl_->StopAll();
}

Result<SandboxView> Sandboxes::EnsureRunning(const Tenant& tenant, CancelToken& cancel) {
  return impl_->EnsureRunning(tenant, cancel);
}

Status Sandboxes::BeginStart(const Tenant& tenant) {
  return impl_->BeginStart(tenant);
}

SandboxView Sandboxes::View(std::string_view sandbox_id) {
  return impl_->View(sandbox_id);
}

Status Sandboxes::Stop(std::string_view sandbox_id) {
  return impl_->Stop(sandbox_id);
}

void Sandboxes::Retire(const std::string& sandbox_id) {
  impl_->Retire(sandbox_id);
}

void Sandboxes::StopAll() {
  impl_->StopAll();
}

std::vector<std::string> Sandboxes::Logs(std::string_view sandbox_id) {
  return impl_->Logs(sandbox_id);
}

std::optional<std::string> Sandboxes::TenantOfToken(std::string_view token) const {
  return impl_->TenantOfToken(token);
}

std::string Sandboxes::AgentToken(std::string_view sandbox_id) const {
  return impl_->AgentToken(sandbox_id);
}

}  // namespace mg
