// What a rule does to an honest answer after the effect: it is lost, cut, stops, turns into an
// error, is garbage or says that it is something else.
#pragma once
#include "core/http/message.h"
#include "core/ports/cancel.h"
#include "core/ports/runtime.h"
#include "fakes/faults.h"

namespace mg::fake {

// Ownership: a stalled body waits on `runtime` and `caller_gone`, which outlive its reading.
// A cut always costs at least one byte of an answer that is no stream, and one without a body is
// dropped instead, so that what fired is felt. A stream that ends before the place meets its damage
// at its end.
void Damage(const FaultRule& rule, Runtime& runtime, CancelToken& caller_gone, Response& response);

}  // namespace mg::fake
