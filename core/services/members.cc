#include "core/services/members.h"

#include <set>

#include "core/base/bytes.h"
#include "core/services/tenant_sets.h"

namespace mg {
namespace {

using SubjectSet = std::set<std::string>;

SubjectSet BuildSubjectSet(const D1Answer& answer) {
  SubjectSet set;
  for (const D1Row& row : answer.rows) set.insert(row.Text("subject"));
  return set;
}

}  // namespace

class Members::Impl {
 public:
  Impl(D1Client* db, Runtime& runtime, Log& log)
      : sets(db, runtime, log, "SELECT subject FROM tenant_members WHERE tenant_id = ?1",
             "members_read_failed", BuildSubjectSet) {}

  TenantSets<SubjectSet> sets;
};

Members::Members(D1Client* db, Runtime& runtime, Log& log)
    : impl_(std::make_unique<Impl>(db, runtime, log)) {}
Members::~Members() = default;

Membership Members::Check(std::string_view tenant_id, std::string_view subject,
                          CancelToken& cancel) {
  const auto set = impl_->sets.Get(tenant_id, cancel);
  if (set == nullptr) return Membership::kUnavailable;
  return set->count(AsciiLower(subject)) > 0 ? Membership::kMember : Membership::kStranger;
}

void Members::Drop(std::string_view tenant_id) {
  impl_->sets.Drop(tenant_id);
}

}  // namespace mg
