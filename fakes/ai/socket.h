// AI Gateway over a WebSocket, the kind that is not realtime: universal steps one at a time, each
// answered by frames (wire/ai-gateway.md 1.2). A step waits for the one before it.
//
// Time: waits end when the caller goes. Errors: a message that makes no sense gets an error frame;
// what is no WebSocket frame ends the connection.
#pragma once
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "core/http/message.h"

namespace mg::fake {

// Answers a step, given as JSON. Called from the connection's task; `caller_gone` outlives the
// reading of what it answers.
using AskStep = std::function<Response(const std::string& step_json, CancelToken& caller_gone)>;

// 101 with its handler; 400 when the request is no WebSocket handshake.
Response OpenAiSocket(const Headers& headers, AskStep ask);

// The gateway's token among the subprotocols that a browser offers, in place of a header:
// "cf-aig-authorization.<token>". "" when there is none.
std::string SocketToken(const Headers& headers);

}  // namespace mg::fake
