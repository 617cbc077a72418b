// Non-blocking socket calls with deadlines of our own, shared by the server and the transport.
//
// Thread-safety: stateless; one reader and one writer may use a descriptor at the same time.
#pragma once
#include <cstddef>
#include <string>
#include <string_view>

#include "core/ports/runtime.h"

namespace mg {

enum class Got { kBytes, kNothing, kEnd, kBroken };
enum class Sent { kAll, kTimedOut, kBroken };

// Appends what is there, `at_most` bytes of it, without waiting.
Got ReceiveNow(int fd, std::size_t at_most, std::string& out);

// Sends as much as fits without waiting, of `first` and then of `second`, and drops it from them.
// False when the connection is broken.
bool SendNow(int fd, std::string_view& first, std::string_view& second);

// The poll(2) events that came, errors included; 0 when the deadline came first.
short WaitReady(int fd, short events, Instant deadline, const Runtime& runtime);

// Whether a head's parser may find more in `input` than when it saw its first `looked_at` bytes. It
// starts at the front each time; a head cannot end without a line feed, so a look for each of
// these, and whenever the input has doubled (for a wrong byte without any), keeps the work that a
// trickled head can cause small.
bool WorthALook(std::string_view input, std::size_t looked_at);

// Poco makes sockets that a child process would inherit.
void CloseOnExec(int fd);

}  // namespace mg
