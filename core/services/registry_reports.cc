// What the registry tells: usage sums (USG-6) and the audit log.
#include <algorithm>
#include <string>
#include <vector>

#include "core/services/registry.h"

namespace mg {
namespace {

constexpr std::size_t kMaxAuditRows = 1000;

// CROSS JOIN keeps SQLite from starting at `usage`: tenant by tenant, it goes through the index on
// (tenant_id, created_at).
D1Statement UsageStatement(const UsageFilter& filter) {
  D1Statement statement;
  std::string where;
  const auto narrow = [&](std::string_view condition, D1Value value) {
    statement.params.push_back(std::move(value));
    where += where.empty() ? " WHERE " : " AND ";
    where += std::string(condition) + " ?" + std::to_string(statement.params.size());
  };
  if (!filter.tenant_slug.empty()) narrow("t.slug =", filter.tenant_slug);
  if (filter.from_ms != 0) narrow("u.created_at >=", filter.from_ms);
  if (filter.to_ms != 0) narrow("u.created_at <", filter.to_ms);
  if (!filter.model.empty()) narrow("u.model =", filter.model);
  statement.sql =
      "SELECT t.slug, u.model, COUNT(*) AS requests, SUM(u.tokens_in) AS tokens_in, "
      "SUM(u.tokens_out) AS tokens_out FROM tenants t CROSS JOIN usage u ON u.tenant_id = t.id" +
      where + " GROUP BY t.slug, u.model ORDER BY t.slug, u.model";
  return statement;
}

}  // namespace

Result<std::vector<UsageSum>> Registry::SumUsage(const UsageFilter& filter, CancelToken& cancel) {
  MG_TRY(reads, Read({UsageStatement(filter)}, cancel));
  std::vector<UsageSum> sums;
  for (const D1Row& row : reads[0].rows) {
    sums.push_back({row.Text("slug"), row.Text("model"), row.Int("requests"), row.Int("tokens_in"),
                    row.Int("tokens_out")});
  }
  return sums;
}

Status Registry::RecordSandboxAction(std::string_view slug, std::string_view action,
                                     std::string_view status_before, std::string_view actor,
                                     CancelToken& cancel) {
  MG_TRY(written,
         Read({{"INSERT INTO audit_log(id, at, actor, action, subject, before) "
                "VALUES (?1, ?2, ?3, ?4, ?5, json_object('status', ?6))",
                {NewId(), runtime_.Wall().ms, std::string(actor), "sandbox." + std::string(action),
                 std::string(slug) + "/sandbox", std::string(status_before)}}},
              cancel));
  static_cast<void>(written);
  return Ok();
}

Result<std::vector<AuditRecord>> Registry::ListAudit(std::size_t limit, CancelToken& cancel) {
  const auto rows = static_cast<std::int64_t>(std::min(limit, kMaxAuditRows));
  MG_TRY(reads, Read({{"SELECT id, at, actor, action, subject, before, after FROM audit_log "
                       "ORDER BY at DESC, rowid DESC LIMIT ?1",
                       {rows}}},
                     cancel));
  std::vector<AuditRecord> records;
  for (const D1Row& row : reads[0].rows) {
    records.push_back({row.Text("id"), row.Text("actor"), row.Text("action"), row.Text("subject"),
                       row.Text("before"), row.Text("after"), row.Int("at")});
  }
  return records;
}

}  // namespace mg
