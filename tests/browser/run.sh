#!/usr/bin/env bash
# Runs the browser test against a private emulator of the given program (default: the release build).
# Needs node 18 or newer, npm, and Debian's chromium.
set -eu
cd "$(dirname "${BASH_SOURCE[0]}")"
program=${1:-../../build/release/moltgate}
if ! cmp -s package-lock.json node_modules/.installed; then
  npm ci --no-audit --no-fund --loglevel=error
  cp package-lock.json node_modules/.installed
fi
exec "$program" exec -- node --test "$PWD/login.test.mjs"
