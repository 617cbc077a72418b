// Workers KV (wire/storage.md 2): namespaces of values with metadata and TTL, on SQLite.
#pragma once
#include <memory>
#include <string>

#include "core/ports/runtime.h"
#include "fakes/credentials.h"
#include "fakes/kv/knobs.h"
#include "fakes/routes.h"
#include "fakes/service.h"

namespace mg::fake {

// Serves /client/v4/accounts/{a}/storage/kv/namespaces/... and the older
// .../workers/namespaces/...; authentication is Cloud's. The configured namespace exists from the
// start.
class Kv final : public Service {
 public:
  // `folder`: where kv.sqlite lives; empty keeps it in memory. Throws std::runtime_error when it
  // cannot open.
  Kv(const Credentials& credentials, const std::string& folder, Runtime& runtime);
  ~Kv() override;
  Response Handle(Request& request, CallNote& note, CancelToken& caller_gone) override;
  void Reset() override;
  void SetKnobs(const KvKnobs& knobs);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

FakeOperations KvOperations();

}  // namespace mg::fake
