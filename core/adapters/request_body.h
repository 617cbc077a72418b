// A request's body, decoded from the connection as the handler reads it.
//
// Errors: kCorrupt (malformed), kTimeout (nothing came in time), kCancelled (the caller hung up, or
// the request has been answered already).
#pragma once
#include <memory>
#include <string>

#include "core/adapters/parking.h"
#include "core/http/wire.h"
#include "core/ports/transport.h"

namespace mg {

class RequestBody final : public BodyStream {
 public:
  // `patience`: how long the caller may be silent.
  RequestBody(std::shared_ptr<Caller> caller, const wire::RequestHead& head,
              const wire::Limits& limits, Nanos patience, const Runtime& runtime);
  Result<std::string> Next(Instant deadline) override;

  bool whole() const { return decoder_.done(); }
  // The request is over: the connection is no longer this body's to read from.
  void Detach() { caller_.reset(); }

 private:
  bool Decode(std::string& out);  // false when malformed
  Status Receive(Instant deadline);
  Status AskToContinue();
  Error Fail(Code code, std::string message);

  std::shared_ptr<Caller> caller_;
  wire::BodyDecoder decoder_;
  bool continue_expected_;
  Nanos patience_;
  const Runtime& runtime_;
  bool failed_ = false;
};

}  // namespace mg
