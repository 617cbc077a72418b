#!/usr/bin/env bash
# The gateway's model route against nginx's proxy_pass to the same upstream: tests/bench/proxy.sh [seconds a round]
set -eu
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
# shellcheck source=../../tools/packages.sh
. tools/packages.sh
install_packages "${build_packages[@]}" nginx-light
cmake --preset release > /dev/null
cmake --build --preset release --target bench_proxy moltgate > /dev/null
exec build/release/tests/bench/bench_proxy "$@"
