// The whole system in virtual time, measured: prints a line for each figure.
#pragma once

namespace mg::sim {

void PrintWorldFigures();

}  // namespace mg::sim
