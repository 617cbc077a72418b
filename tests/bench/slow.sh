#!/usr/bin/env bash
# slowhttptest's slow heads, slow bodies and slow reads against `moltgate up`, while an ordinary client asks again
# and again: it has to be served every time. tests/bench/slow.sh [connections] [seconds a mode]
set -eu
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
# shellcheck source=../../tools/packages.sh
. tools/packages.sh
connections=${1:-500}
seconds=${2:-20}
install_packages slowhttptest curl
program=$PWD/build/release/moltgate
folder=$(mktemp -d)
pids=()
trap 'kill "${pids[@]}" 2> /dev/null || true; wait; rm -rf "$folder"' EXIT

echo '{"environment": "development", "limits": {"public_max": 1000000000}}' > "$folder/profile.jsonc"
(cd "$folder" && exec "$program" up --port-base 0 --memory --quiet --no-edge --profile profile.jsonc \
  --ready-file ready.json > up.out 2> up.err) &
pids+=($!)
for _ in $(seq 200); do
  if [[ -e $folder/ready.json ]]; then break; fi
  sleep 0.1
done
value_of() { sed -n "s|.*\"$1\": *\"\([^\"]*\)\".*|\1|p" "$folder/ready.json" | head -n 1; }
url=$(value_of gateway_url)
host=$(value_of demo_tenant_host)
address=${url#http://}
port=${address##*:}

# One request after another, each on a connection of its own: its status and its seconds.
ask() { curl -s -o /dev/null -m 5 -w '%{http_code} %{time_total}\n' -H "Host: $host" "$url/api/status" || echo "000 5"; }
ask_until() {  # epoch seconds, file
  while (( $(date +%s) < $1 )); do ask >> "$2"; done
}

failures=0
report() {  # name, file
  local asked served
  asked=$(wc -l < "$2")
  served=$(grep -c '^200 ' "$2" || true)
  printf '%-12s %5d of %5d served' "$1" "$served" "$asked"
  sort -k2 -n "$2" | awk '{ all[NR] = $2 * 1000 } END {
    printf "   p50 %6.1f ms   p99 %6.1f ms   longest %6.1f ms\n", all[int(NR / 2) + 1], all[int(NR * 0.99) + (NR > 1 ? 0 : 1)], all[NR] }'
  if [[ $asked == 0 || $served != "$asked" ]]; then failures=$((failures + 1)); fi
}

ask > /dev/null  # the tenant is held from here on
ask_until $(($(date +%s) + 5)) "$folder/alone"
report 'alone' "$folder/alone"

# The tool resolves no *.localhost; told of a proxy, it asks in the absolute form, which names the tenant.
target=http://$host:$port
mode() {  # name, what to ask for, options of slowhttptest...
  local name=$1 path=$2 tool
  shift 2
  slowhttptest -d "$address" -u "$target$path" -c "$connections" -r $((connections / 2)) -l "$seconds" "$@" \
    > "$folder/$name.tool" 2>&1 &
  tool=$!
  pids+=("$tool")
  sleep 1
  ask_until $(($(date +%s) + seconds - 2)) "$folder/$name"
  wait "$tool" || true
  report "$name" "$folder/$name"
  # Its last words on each state, without colours.
  sed 's/\x1b\[[0-9;]*m//g' "$folder/$name.tool" |
    awk '$1 == "connected:" { if ($2 > most) most = $2 } END { printf "%-12s held up to %d connections\n", "", most }'
}
mode 'slow heads' /api/status -H -i 1 -x 24 -p 3
mode 'slow bodies' /v1/chat/completions -B -i 1 -s 8192 -x 10 -p 3
mode 'slow reads' /api/status -X -k 10 -w 10 -y 20 -n 1 -z 8 -p 3

if [[ $failures != 0 ]]; then
  echo "slow.sh: the ordinary client was not served every time in $failures of 4 rounds" >&2
  exit 1
fi
