// One admin change as SQL: the row change, its registry_changes rows and its audit_log row, all of
// them conditional on the same rows, in one transaction. When there is nothing to change (no such
// tenant, already so) nothing at all is written.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/clients/d1.h"

namespace mg {

// Every edit's SQL may name ?1 now in ms, ?2 actor, ?3 the audit row's id, ?4 the tenant's slug and
// ?5 the audit row's subject; its own parameters begin at ?6.

// The condition on `tenants t` that most edits share.
inline constexpr std::string_view kLiveTenant = "t.slug = ?4 AND t.deleted_at IS NULL";

// A registry key that the change touches: an expression over the edit's rows and what it joins.
struct EditKey {
  std::string expression;
  std::string join;  // " JOIN ..." or nothing
};

struct RegistryEdit {
  std::string kind;     // registry_changes.kind
  std::string action;   // audit_log.action: "tenant.create"
  std::string subject;  // audit_log.subject: "acme", "acme/keys/<id>"
  // Before the write, `FROM tables WHERE where` has one row when there is something to change, and
  // none otherwise. `t.id` is the tenant's.
  std::string tables = "tenants t";
  std::string where = std::string(kLiveTenant);
  std::vector<EditKey> keys{{"NULL", ""}};
  std::string before = "NULL";  // JSON text as an SQL expression over the same row
  std::string after = "NULL";
  std::string write;               // must change nothing when there is no such row
  std::vector<std::string> reads;  // SELECTs that run after the write
  std::vector<D1Value> params;     // ?6 and on

  std::string From() const { return " FROM " + tables + " WHERE " + where; }
};

struct EditStamp {
  std::int64_t now_ms = 0;
  std::string actor;
  std::string audit_id;
  std::string slug;
};

// Three statements, then the reads. The first one's rows are the registry keys that changed
// (`host`): none when nothing did.
std::vector<D1Statement> EditStatements(const RegistryEdit& edit, const EditStamp& stamp);

// D1 refuses a parameter too many: each statement takes as many of `params` as its SQL names.
D1Statement Bind(std::string sql, const std::vector<D1Value>& params);

}  // namespace mg
