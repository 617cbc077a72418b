// D1 (wire/storage.md 3): databases of real SQLite with D1's limits, one request one transaction;
// imports, exports and Time Travel.
#pragma once
#include <memory>
#include <string>
#include <string_view>

#include "core/ports/runtime.h"
#include "fakes/credentials.h"
#include "fakes/d1/knobs.h"
#include "fakes/routes.h"
#include "fakes/service.h"

namespace mg::fake {

// Serves /client/v4/accounts/{a}/d1/database/... ; authentication is Cloud's.
// `datetime('now')` in a user's SQL follows the Runtime's wall time. The configured database exists
// from the start.
class D1 final : public Service {
 public:
  // `folder`: where d1/<id>.sqlite lives; empty keeps it in memory. Throws std::runtime_error when
  // it cannot open. What it has acknowledged survives kill -9.
  D1(const Credentials& credentials, const std::string& folder, Runtime& runtime);
  ~D1() override;
  Response Handle(Request& request, CallNote& note, CancelToken& caller_gone) override;
  // The files of imports and exports, below D1FilesPrefix(), which need no credentials.
  Response HandleFile(Request& request, CallNote& note);
  void Reset() override;
  void SetKnobs(const D1Knobs& knobs);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

std::string_view D1FilesPrefix();
FakeOperations D1Operations();

}  // namespace mg::fake
