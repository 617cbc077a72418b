// `moltgate tenant|domain|member|key|routing|usage|migrations`: the registry from the command line.
// Each returns an exit code (OPS-4).
#pragma once
#include <cstdint>
#include <optional>
#include <string>

#include "emulator/commands/output.h"

namespace mg {

struct OperatorOptions {
  std::string profile;  // empty: the running emulator
  Format format = Format::kJson;
};

int TenantCreate(const OperatorOptions& options, const std::string& slug, const std::string& tier,
                 const std::string& platform);
int TenantList(const OperatorOptions& options);
int TenantShow(const OperatorOptions& options, const std::string& slug);
int TenantUpdate(const OperatorOptions& options, const std::string& slug,
                 const std::optional<std::string>& new_slug, const std::optional<std::string>& tier,
                 const std::optional<std::string>& platform);
int TenantDelete(const OperatorOptions& options, const std::string& slug);

int DomainAdd(const OperatorOptions& options, const std::string& slug, const std::string& host);
int DomainRemove(const OperatorOptions& options, const std::string& slug, const std::string& host);

int MemberAdd(const OperatorOptions& options, const std::string& slug, const std::string& subject);
int MemberRemove(const OperatorOptions& options, const std::string& slug,
                 const std::string& subject);
int MemberList(const OperatorOptions& options, const std::string& slug);

int KeyCreate(const OperatorOptions& options, const std::string& slug, const std::string& name,
              std::int64_t limit_per_minute);
int KeyList(const OperatorOptions& options, const std::string& slug);
int KeyRevoke(const OperatorOptions& options, const std::string& slug, const std::string& id);

int RoutingShow(const OperatorOptions& options, const std::string& slug);
int UsageShow(const OperatorOptions& options, const std::string& slug, const std::string& model);

int MigrationsList(const OperatorOptions& options);
int MigrationsApply(const OperatorOptions& options);

}  // namespace mg
