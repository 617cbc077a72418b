// KV's operations, one member each. The path is taken apart already: `arguments` holds its variable
// segments, decoded (namespace, then key).
//
// Thread-safety: all members.
#pragma once
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "core/http/message.h"
#include "core/ports/runtime.h"
#include "fakes/credentials.h"
#include "fakes/kv/checks.h"
#include "fakes/kv/knobs.h"
#include "fakes/kv/locations.h"
#include "fakes/kv/store.h"
#include "fakes/service.h"

namespace mg::fake::kv {

struct Call {
  Request& request;
  CallNote& note;  // the operation is set
  std::vector<std::string> arguments;

  const std::string& space() const { return arguments[0]; }
  const std::string& key() const { return arguments[1]; }
};

// Where the call comes from: "" unless it says.
std::string LocationOf(const Call& call);

class Calls {
 public:
  Calls(const Credentials& credentials, const std::string& path, Runtime& runtime);

  Response ListNamespaces(Call& call);
  Response CreateNamespace(Call& call);
  Response GetNamespace(Call& call);
  Response RenameNamespace(Call& call);
  Response DeleteNamespace(Call& call);

  Response Get(Call& call);
  Response Put(Call& call);
  Response Delete(Call& call);
  Response Metadata(Call& call);
  Response Keys(Call& call);

  Response BulkPut(Call& call);
  Response BulkDelete(Call& call);
  Response BulkGet(Call& call);

  void SetKnobs(const KvKnobs& knobs);
  void Reset();

 private:
  KvKnobs knobs() const;
  // Whether what is read may be old, and writes of one key need a second between them. Who looks
  // from outside sees and does what is.
  bool MayBeStale(const Call& call) const;
  std::int64_t StaleUntilMs() const;
  bool AddConfigured();
  // `operation` prefixes the message when the namespace is unknown; empty: no prefix.
  std::optional<Response> CheckNamespace(std::string_view operation, Call& call);
  std::optional<Response> CheckCall(std::string_view operation, Call& call);  // and the key
  std::optional<std::string> ReadBody(Call& call, std::size_t limit, Response& refusal);
  // What this call's location reads; nullopt when the store failed.
  std::optional<std::optional<Entry>> Read(const Call& call, const std::string& key);
  std::optional<Response> TakeWrite(const Call& call);
  void Wrote(const Call& call, const std::string& key, std::optional<Entry> entry);
  // Which of these keys a bulk write does not reach.
  std::set<std::string> Unsuccessful(const Call& call, const std::vector<std::string>& keys);
  std::optional<Response> ReadPut(Call& call, Entry& entry);

  const Credentials& credentials_;
  Runtime& runtime_;
  Store store_;
  Locations locations_;
  mutable Mutex mutex_;
  KvKnobs knobs_;
};

}  // namespace mg::fake::kv
