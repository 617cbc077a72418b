// The command line: words and flags to commands. Returns the process's exit code (OPS-4).
#pragma once

namespace mg {
int RunCommandLine(int argc, char** argv);
}
