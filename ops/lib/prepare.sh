# What ops/demo and ops/test share: installs what a fresh Debian or Ubuntu lacks, and finds swift.
# Sourced, not run. Everything it says goes to standard error.

# The oldest Swift that reads Package.swift.
swift_major_min=6
swift_minor_min=2

say() { printf '%s\n' "$*" >&2; }

# A heading above each step.
step() { printf '\n── %s\n' "$*" >&2; }

# Prints why and ends the script; 12 is "infrastructure", remove the cause and run again.
give_up() {
    say "$*"
    exit 12
}

# Runs a command as root, through sudo when we are not.
as_root() {
    if [ "$(id -u)" = 0 ]; then
        "$@"
    elif command -v sudo >/dev/null; then
        sudo "$@"
    else
        give_up "this needs root, and there is no sudo: as root, run '$*', then this again"
    fi
}

# Whether apt's package is installed and configured.
has_package() {
    [ "$(dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

# Installs packages from the distribution. Standard input stays closed: nothing may ask.
install_packages() {
    command -v apt-get >/dev/null || give_up "there is no apt-get here; install: $*"
    say "installing $*"
    as_root env DEBIAN_FRONTEND=noninteractive apt-get update -qq </dev/null >&2
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends \
        "$@" </dev/null >&2
}

# The libraries and the server's programs. The server that the distribution sets up is not used:
# Kugiri starts one of its own, with its own data, on a Unix socket.
prepare_packages() {
    local missing=() package
    for package in libpq-dev libzmq3-dev postgresql; do
        has_package "$package" || missing+=("$package")
    done
    # SwiftPM asks it where the headers of libpq are.
    command -v pkg-config >/dev/null || missing+=(pkg-config)
    [ "${#missing[@]}" = 0 ] || install_packages "${missing[@]}"
}

# Whether a version such as `6.3.1` is new enough.
is_swift_new_enough() {
    local major minor
    IFS=. read -r major minor _ <<<"$1"
    minor="${minor%%[!0-9]*}"
    [ "${major:-0}" -gt "$swift_major_min" ] ||
        { [ "${major:-0}" = "$swift_major_min" ] && [ "${minor:-0}" -ge "$swift_minor_min" ]; }
}

prepare_swift() {
    local needed="$swift_major_min.$swift_minor_min" offered found
    local place="get Swift $needed or newer from https://www.swift.org/install/linux/"
    if ! command -v swift >/dev/null; then
        offered="$(apt-cache policy swiftlang 2>/dev/null |
            sed -n 's/^ *Candidate: *\([0-9][0-9.]*\).*/\1/p')"
        is_swift_new_enough "${offered:-0}" ||
            give_up "swift is not installed, and apt has none that is new enough: $place"
        install_packages swiftlang
    fi
    found="$(swift --version 2>/dev/null | sed -n 's/.*Swift version \([0-9][0-9.]*\).*/\1/p')"
    is_swift_new_enough "${found:-0}" ||
        give_up "swift here is version ${found:-unknown}: $place"
}

# Everything there is to install; quick when nothing is missing.
prepare() {
    prepare_packages
    prepare_swift
}
