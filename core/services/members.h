// Who belongs to a tenant (ACC-8): the tenant's set of subjects, cached as keys are.
// A subject is a lower-case email or "<id>.access".
#pragma once
#include <memory>
#include <string>
#include <string_view>

#include "core/clients/d1.h"
#include "core/ports/log.h"
#include "core/ports/runtime.h"

namespace mg {

enum class Membership { kMember, kStranger, kUnavailable };

class Members {
 public:
  Members(D1Client* db, Runtime& runtime, Log& log);
  ~Members();
  Membership Check(std::string_view tenant_id, std::string_view subject, CancelToken& cancel);
  void Drop(std::string_view tenant_id);  // "": every tenant's

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace mg
