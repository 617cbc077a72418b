// D1's operations, one member each. The path is taken apart already: `arguments` holds its variable
// segments, decoded (the database's id or name).
//
// Thread-safety: all members. Time: a call waits for its database in the Runtime, under no lock.
#pragma once
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/base/json_fwd.h"
#include "core/http/message.h"
#include "core/ports/cancel.h"
#include "core/ports/runtime.h"
#include "fakes/credentials.h"
#include "fakes/d1/databases.h"
#include "fakes/d1/knobs.h"
#include "fakes/d1/transfers.h"
#include "fakes/service.h"

namespace mg::fake::d1 {

struct Call {
  Request& request;
  CallNote& note;  // the operation is set
  CancelToken& caller_gone;
  std::vector<std::string> arguments;

  const std::string& id() const { return arguments[0]; }
};

class Calls {
 public:
  Calls(const Credentials& credentials, const std::string& folder, Runtime& runtime);

  Response List(Call& call);
  Response Create(Call& call);
  Response Get(Call& call);
  Response Update(Call& call);
  Response Delete(Call& call);
  Response Query(Call& call);
  Response Raw(Call& call);
  Response Import(Call& call);
  Response Export(Call& call);
  Response Bookmark(Call& call);
  Response Restore(Call& call);

  // The files of imports and exports, which need no credentials: `name` is one of them.
  Response Upload(Request& request, const std::string& name);
  Response Download(const std::string& name);

  void SetKnobs(const D1Knobs& knobs);
  void Reset();

 private:
  struct Job {  // an import that was carried out and waits to be asked about
    std::string bookmark;
    std::string answer;  // JSON
  };
  // A database by its id, in lower case; a Response is a refusal.
  std::variant<std::shared_ptr<SqlDatabase>, Response> Found(const Call& call);
  std::variant<std::string, Response> ReadBody(Request& request, std::size_t limit);
  std::variant<Json, Response> ReadJson(Request& request);
  // Keeps the database busy for as long as a call takes; a Response is a refusal.
  std::optional<Response> TakeTurn(const Call& call, SqlDatabase& database);
  Response Run(Call& call, bool raw);
  // By a session's token: the state that answers is at least as late as the one that it names.
  Response RunInSession(Call& call, SqlDatabase& database, const std::vector<d1::Query>& queries,
                        bool raw);
  Response InitImport(const Call& call, SqlDatabase& database, const std::string& etag);
  Response Ingest(const Call& call, SqlDatabase& database, const Transfers::File& file);
  std::string FileName(std::string_view kind, const std::string& database,
                       const std::string& of) const;
  std::string UrlOf(const Request& request, const std::string& name) const;

  const Credentials& credentials_;
  Runtime& runtime_;
  Databases databases_;
  Transfers transfers_;
  Mutex mutex_;
  D1Knobs knobs_;
  std::map<std::string, Job> imports_;  // by database
};

inline constexpr std::string_view kFilesPrefix = "/_moltgate/d1/";  // ours: where files travel

}  // namespace mg::fake::d1
