#include "core/services/registry_edit.h"

#include <algorithm>
#include <cstddef>

#include "core/base/check.h"

namespace mg {
namespace {

// The greatest N of the SQL's "?N".
std::size_t ParametersOf(std::string_view sql) {
  std::size_t most = 0;
  for (std::size_t at = sql.find('?'); at != std::string_view::npos; at = sql.find('?', at + 1)) {
    std::size_t number = 0;
    for (std::size_t i = at + 1; i < sql.size() && sql[i] >= '0' && sql[i] <= '9'; ++i) {
      number = number * 10 + static_cast<std::size_t>(sql[i] - '0');
    }
    most = std::max(most, number);
  }
  return most;
}

std::string ChangesSql(const RegistryEdit& edit) {
  std::string sql = "INSERT INTO registry_changes(kind, tenant_id, host, at)";
  std::string_view joint = " ";
  for (const EditKey& key : edit.keys) {
    sql += joint;
    sql += "SELECT '" + edit.kind + "', t.id, " + key.expression + ", ?1 FROM " + edit.tables +
           key.join + " WHERE " + edit.where;
    joint = " UNION ";
  }
  return sql + " RETURNING host";
}

std::string AuditSql(const RegistryEdit& edit) {
  return "INSERT INTO audit_log(id, at, actor, action, subject, before, after) "
         "SELECT ?3, ?1, ?2, '" +
         edit.action + "', ?5, " + edit.before + ", " + edit.after + edit.From();
}

}  // namespace

D1Statement Bind(std::string sql, const std::vector<D1Value>& params) {
  const std::size_t count = ParametersOf(sql);
  MG_CHECK(count <= params.size(), "SQL names a parameter that it is not given: " + sql);
  const auto end = params.begin() + static_cast<std::ptrdiff_t>(count);
  return {std::move(sql), std::vector<D1Value>(params.begin(), end)};
}

std::vector<D1Statement> EditStatements(const RegistryEdit& edit, const EditStamp& stamp) {
  std::vector<D1Value> params{stamp.now_ms, stamp.actor, stamp.audit_id, stamp.slug, edit.subject};
  params.insert(params.end(), edit.params.begin(), edit.params.end());
  std::vector<D1Statement> statements{Bind(ChangesSql(edit), params), Bind(AuditSql(edit), params),
                                      Bind(edit.write, params)};
  for (const std::string& read : edit.reads) statements.push_back(Bind(read, params));
  return statements;
}

}  // namespace mg
