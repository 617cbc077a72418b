// R2 (wire/storage.md 4): its S3 endpoint, with signatures verified, and its part of the v4 API.
#pragma once
#include <memory>
#include <string>

#include "core/ports/runtime.h"
#include "fakes/credentials.h"
#include "fakes/service.h"

namespace mg::fake {

class R2 final : public Service {
 public:
  // `folder`: where r2.sqlite lives; empty keeps it in memory. Throws std::runtime_error when it
  // cannot open.
  R2(const Credentials& credentials, const std::string& folder, Runtime& runtime);
  ~R2() override;
  Response Handle(Request& request, CallNote& note, CancelToken& caller_gone) override;  // S3
  // The v4 API below /accounts/{a}/r2, whose token was accepted; operations are "r2.rest.*".
  Response Manage(Request& request, CallNote& note);
  void Reset() override;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace mg::fake
