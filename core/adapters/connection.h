// One caller's turn: reads what is there, answers whole requests, then parks or closes the caller.
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "core/adapters/answer.h"
#include "core/adapters/parking.h"
#include "core/adapters/request_body.h"
#include "core/adapters/server.h"
#include "core/http/wire.h"
#include "core/ports/log.h"

namespace mg {

// The Date header's text, made once a second. Thread-safe.
class DateLine {
 public:
  std::string At(WallTime wall);

 private:
  Mutex mutex_;
  std::int64_t second_ = -1;
  std::string text_;
};

// What all connections of a server share.
struct ConnectionContext {
  const ServerOptions& options;
  Handler& handler;
  Runtime& runtime;
  Log& log;
  Parking& parking;
  DateLine& date;
  std::function<void()> before_handler;  // this worker may now be busy for long
};

class Connection {
 public:
  Connection(std::shared_ptr<Caller> caller, ConnectionContext& context)
      : caller_(std::move(caller)), context_(context) {}

  void TakeTurn();
  void GiveUp();  // what it waited for did not come in time

 private:
  enum class Found { kRequest, kNotYet, kGone, kRefused };

  Found FindRequest(wire::RequestHead& head, wire::Refused& refused);
  Found Look(wire::RequestHead& head, wire::Refused& refused);
  void ParkForMore();

  bool Answer(wire::RequestHead& head);  // false when this turn is over
  bool SendRest();                       // likewise
  bool GoOn(Caller::After after);        // likewise
  std::shared_ptr<RequestBody> AttachBody(const wire::RequestHead& head, Request& request);
  Response CallHandler(Request& request);
  Answered Write(const wire::RequestHead& head, std::string_view method, Response& response,
                 bool keep_alive);
  void RunUpgrade(const Response& response);
  void AddDate(Response& response);

  void Refuse(int status, std::string_view reason);
  void SayFarewell();
  void ParkUntilEnd();
  void DiscardInput();
  void Close() { context_.parking.Close(*caller_); }
  void LogFailure(LogLevel level, std::string_view event, std::string reason);
  Instant In(std::int64_t ms) const {
    return context_.runtime.Now() + std::chrono::milliseconds(ms);
  }

  std::shared_ptr<Caller> caller_;
  ConnectionContext& context_;
};

}  // namespace mg
