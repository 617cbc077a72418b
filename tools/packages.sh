# Sourced by ./moltgate and tools/verify: which Debian packages each needs, and how they are installed.

build_packages=(
  g++ cmake ninja-build ccache ca-certificates
  libpoco-dev libsqlite3-dev nlohmann-json3-dev libcli11-dev libidn2-dev libssl-dev
  libgtest-dev libgmock-dev libbenchmark-dev)   # cmake looks for these three when it configures
check_packages=("${build_packages[@]}" clang-format-14 curl sqlite3)
deep_packages=("${check_packages[@]}" clang-14 clang-tidy-14 libclang-rt-14-dev chromium slowhttptest
  awscli rclone s3cmd)

# Installs those of the named packages that are missing, as root or through sudo, and says which.
install_packages() {
  if ! command -v dpkg-query > /dev/null; then
    echo "moltgate: this is not a Debian system; the libraries of these packages are needed: $*" >&2
    return 0
  fi
  local installed missing=() name
  installed=$(dpkg-query -W -f '${db:Status-Abbrev}${Package}\n' "$@" 2> /dev/null || true)
  for name in "$@"; do
    if ! grep -qxF -- "ii $name" <<< "$installed"; then missing+=("$name"); fi
  done
  if [[ ${#missing[@]} == 0 ]]; then return 0; fi

  local as_root=()
  if [[ $(id -u) != 0 ]]; then
    if ! command -v sudo > /dev/null; then
      echo "moltgate: missing Debian packages, and neither root nor sudo to install them. As root, run:" >&2
      echo "  apt-get install ${missing[*]}" >&2
      return 1
    fi
    as_root=(sudo)
  fi
  echo "moltgate: installing ${missing[*]}" >&2
  local install=("${as_root[@]}" env DEBIAN_FRONTEND=noninteractive
    apt-get install -y -q --no-install-recommends "${missing[@]}")
  # Package lists that are missing or too old make the first try fail.
  if "${install[@]}" < /dev/null > /dev/null 2>&1; then return 0; fi
  "${as_root[@]}" apt-get update -q >&2 < /dev/null || true
  if "${install[@]}" < /dev/null >&2; then return 0; fi
  echo "moltgate: could not install ${missing[*]}; the reason stands above" >&2
  return 1
}
