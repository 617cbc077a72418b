#include "emulator/cli.h"

int main(int argc, char** argv) {
  return mg::RunCommandLine(argc, argv);
}
