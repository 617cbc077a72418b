#include "emulator/agent_journal.h"

#include <utility>

#include "core/http/message.h"

namespace mg {
namespace {

constexpr const char* kService = "agent";

// A call without an answer; a cancelled one says so itself when it ends.
void RecordFailure(fake::OpenCall& open, const Error& error) {
  if (error.code == Code::kCancelled) return;
  Response none;
  none.drop_connection = true;
  open.Record(none, false);
}

}  // namespace

Result<SandboxEndpoint> AgentJournal::Start(const SandboxSpec& spec) {
  auto endpoint = host_.Start(spec);
  if (!endpoint) return endpoint;
  Lock lock(mutex_);
  sandbox_ids_.insert_or_assign(endpoint->origin, spec.sandbox_id);
  return endpoint;
}

std::string AgentJournal::AgentAt(const std::string& origin) {
  Lock lock(mutex_);
  const auto found = sandbox_ids_.find(origin);
  return found == sandbox_ids_.end() ? "" : found->second;
}

Result<Response> AgentJournal::Send(const Request& request, const Deadlines& deadlines,
                                    CancelToken& cancel) {
  std::string sandbox_id = AgentAt(request.origin);
  if (sandbox_id.empty()) return transport_.Send(request, deadlines, cancel);
  fake::OpenCall open(journal_, runtime_, request, kService);
  open.note.operation = request.Path() == "/health" ? "agent.health" : "agent.http";
  open.SetTenant(std::move(sandbox_id));
  auto answer = transport_.Send(request, deadlines, cancel);
  if (answer) {
    open.Record(*answer, false);
  } else {
    RecordFailure(open, answer.error());
  }
  return answer;
}

Result<Upgraded> AgentJournal::Upgrade(const Request& request, const Deadlines& deadlines,
                                       CancelToken& cancel) {
  std::string sandbox_id = AgentAt(request.origin);
  if (sandbox_id.empty()) return transport_.Upgrade(request, deadlines, cancel);
  fake::OpenCall open(journal_, runtime_, request, kService);
  open.note.operation = "agent.websocket";
  open.SetTenant(std::move(sandbox_id));
  auto answer = transport_.Upgrade(request, deadlines, cancel);
  if (answer) {
    open.Record(answer->response, false);
  } else {
    RecordFailure(open, answer.error());
  }
  return answer;
}

}  // namespace mg
