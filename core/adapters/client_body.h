// An answer's body, decoded from its connection as the caller reads it.
//
// Errors: kUnknownOutcome (cut, or too slow), kCorrupt (malformed), kCancelled.
#pragma once
#include <memory>
#include <string>

#include "core/adapters/client_socket.h"
#include "core/adapters/connection_pool.h"
#include "core/http/wire.h"
#include "core/ports/transport.h"

namespace mg {

// Where a connection goes when its exchange is over.
struct PoolPlace {
  std::shared_ptr<ConnectionPool> pool;
  std::string origin;
  bool reusable = false;

  // Closes it instead when it must not be used again. `leftover`: unasked-for bytes after the body.
  void Return(std::unique_ptr<ClientSocket> socket, bool leftover) const;
};

class ClientBody final : public BodyStream {
 public:
  // `ready`: decoded already; `received`: after it, still to be decoded.
  ClientBody(std::unique_ptr<ClientSocket> socket, wire::BodyDecoder decoder, std::string ready,
             const Deadlines& deadlines, PoolPlace place);
  Result<std::string> Next(Instant deadline) override;

 private:
  Status Receive(Instant deadline);
  Status Decode(std::string_view bytes);
  Error Fail(Code code, std::string_view message);

  std::unique_ptr<ClientSocket> socket_;  // null after the end or an error
  wire::BodyDecoder decoder_;
  std::string ready_;
  const Deadlines deadlines_;
  const PoolPlace place_;
  Instant last_chunk_;
  bool ended_ = false;
  Error failure_;
};

}  // namespace mg
