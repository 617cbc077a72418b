// This process itself: where its program is, and the signals that ask it to stop.
#pragma once
#include <map>
#include <string>

namespace mg {

std::string SelfPath();  // /proc/self/exe, resolved

std::map<std::string, std::string> CurrentEnvironment();

// Call once, first of all, before any thread exists: stop signals then reach WaitForStopSignal
// alone, SIGPIPE is ignored, and the limit of open files is raised to its maximum.
void PrepareProcess();
int WaitForStopSignal();  // SIGINT or SIGTERM

// For a command that runs to its own end: the first of those signals is noted, so that it can stop
// where it likes and exit with 128 + the signal; the second ends the process.
void NoteStopSignals();
int StopSignalNoted();  // 0: none
// Ends the process with 4 and a word about it unless called again within so many seconds; 0: never.
void EndWhenStuck(int seconds);

// Waits for the child to end while passing stop signals on to it; its exit code, or 128 + the
// signal.
int WaitForChild(int child_pid);

}  // namespace mg
