// Where faults meet calls: at a call's fault point, and at its honest answer.
//
// Thread-safety: all members. Time: delays and hangs pass in the Runtime, under no lock, and end
// when the caller goes.
#pragma once
#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <string>

#include "core/http/message.h"
#include "core/ports/cancel.h"
#include "core/ports/runtime.h"
#include "fakes/faults.h"
#include "fakes/service.h"

namespace mg::fake {

class FaultGate {
 public:
  FaultGate(Faults& faults, Runtime& runtime) : faults_(faults), runtime_(runtime) {}

  // Makes the call with `note.point` set, and does to its answer what the rule says.
  Response Pass(CallNote& note, CancelToken& caller_gone, const std::function<Response()>& call);

 private:
  class Point;
  struct Answer {
    Instant given;
    Response response;
  };

  std::optional<Answer> Earlier(const std::string& key);
  void Remember(const std::string& key, const Response& response);

  Faults& faults_;
  Runtime& runtime_;
  Mutex mutex_;
  std::map<std::string, Answer> answers_;  // of kv.get, by key, while a rule wants them
};

}  // namespace mg::fake
