// R2's S3 endpoint (wire/storage.md 4): put, get, head, delete with the SigV4 signature verified.
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
  Response Handle(Request& request, CallNote& note, CancelToken& caller_gone) override;
  void Reset() override;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace mg::fake
