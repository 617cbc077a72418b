// Routes calls to the fakes by listener and path, checks v4 API tokens, lets faults at them, and
// writes every call to the journal.
//
// `Api` is the listener for api.cloudflare.com, gateway.ai.cloudflare.com and the team site; `S3`
// is R2's. Any of the fakes may be null (`up --only`): then its paths answer the v4 "could not
// route" error.
//
// A request with the header `x-moltgate-probe: <management token>` looks from outside: no fault
// meets it and no journal holds it. With any other value the header means nothing.
#pragma once
#include <atomic>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/http/message.h"
#include "core/ports/runtime.h"
#include "fakes/access/access.h"
#include "fakes/account_limit.h"
#include "fakes/ai/gateway.h"
#include "fakes/cloud_knobs.h"
#include "fakes/credentials.h"
#include "fakes/d1/d1.h"
#include "fakes/fault_gate.h"
#include "fakes/faults.h"
#include "fakes/journal.h"
#include "fakes/kv/kv.h"
#include "fakes/r2/r2.h"

namespace mg::fake {

inline constexpr const char* kProbeHeader = "x-moltgate-probe";

struct CloudFakes {
  Kv* kv = nullptr;
  D1* d1 = nullptr;
  R2* r2 = nullptr;
  Access* access = nullptr;
  AiGateway* ai_gateway = nullptr;
};

class CloudApi final : public Handler {
 public:
  CloudApi(const Credentials& credentials, CloudFakes fakes, Runtime& runtime, Journal& journal,
           Faults& faults);
  Response Handle(Request& request, const Peer& peer, CancelToken& caller_gone) override;

  void SetKnobs(const CloudKnobs& knobs);  // of the API itself, KV and D1
  CloudKnobs knobs() const;
  void Reset();  // every fake that is there, and the API's own counter; knobs stay

 private:
  struct Call;

  Response Dispatch(Call& call);
  Response V4(Call& call);
  Response Account(Call& call, const std::vector<std::string_view>& rest);

  const Credentials& credentials_;
  CloudFakes fakes_;
  Runtime& runtime_;
  Journal& journal_;
  FaultGate gate_;
  AccountLimit limit_;
  std::atomic<std::uint64_t> rays_{0};
  mutable Mutex mutex_;
  CloudKnobs knobs_;
};

class CloudS3 final : public Handler {
 public:
  CloudS3(const Credentials& credentials, R2& r2, Runtime& runtime, Journal& journal,
          Faults& faults);
  Response Handle(Request& request, const Peer& peer, CancelToken& caller_gone) override;

 private:
  const Credentials& credentials_;
  R2& r2_;
  Runtime& runtime_;
  Journal& journal_;
  FaultGate gate_;
  std::atomic<std::uint64_t> rays_{0};
};

}  // namespace mg::fake
