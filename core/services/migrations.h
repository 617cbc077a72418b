// Applies core/migrations/*.sql (embedded at build) exactly as wrangler does, so that each can go
// on where the other stopped (MIG-1; wire/storage.md 3.9).
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "core/clients/d1.h"

namespace mg {

struct Migration {
  std::string_view name;  // "0001_tenants.sql"
  std::string_view sql;
};

const std::vector<Migration>& EmbeddedMigrations();  // in order

struct MigrationState {
  std::string name;
  bool applied = false;
};

Result<std::vector<MigrationState>> ListMigrations(D1Client& db, CancelToken& cancel);
// Applies the pending ones in order; returns their names. Errors: the first failure, naming the
// file (MIG-3).
Result<std::vector<std::string>> ApplyMigrations(D1Client& db, CancelToken& cancel);

}  // namespace mg
