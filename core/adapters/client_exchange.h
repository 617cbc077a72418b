// One request and its answer over one outgoing connection.
#pragma once
#include <memory>
#include <string>

#include "core/adapters/client_socket.h"
#include "core/adapters/connection_pool.h"
#include "core/http/message.h"
#include "core/http/wire.h"

namespace mg {

class ClientExchange {
 public:
  ClientExchange(std::unique_ptr<ClientSocket> socket, const Request& request,
                 const Deadlines& deadlines, CancelToken& cancel, const Runtime& runtime);

  // Sends the request and reads the answer's head. Errors: as Transport says.
  Status Run(std::string_view head_text);
  // After a failed Run: the connection ended before any byte of the answer, as one does that the
  // server closed while it was idle.
  bool ended_unanswered() const { return ended_unanswered_; }

  const wire::ResponseHead& head() const { return head_; }
  // After a Run that succeeded, one of these, once. The connection returns to the pool when the
  // body has been read to its end.
  Result<Response> TakeResponse(std::shared_ptr<ConnectionPool> pool, const std::string& origin);
  std::unique_ptr<Duplex> TakeDuplex();

 private:
  using Progress = ClientSocket::Progress;

  Status SendRequest(std::string_view head_text);
  Result<Progress> SendStream(std::string_view head_text);
  Status ReadHead();
  Error SendFailure(Progress how);
  Error AnswerFailure(Got how);

  std::unique_ptr<ClientSocket> socket_;
  const Request& request_;
  const Deadlines deadlines_;
  const Runtime& runtime_;
  const Instant head_deadline_;
  wire::ResponseHead head_;
  std::string received_;        // after the head
  bool request_whole_ = false;  // sent to its end
  bool ended_unanswered_ = false;
};

// RFC 9110 9.2.2: doing it twice is the same as once.
bool IsIdempotent(std::string_view method);

}  // namespace mg
