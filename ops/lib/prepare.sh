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

# Runs apt-get as root, through sudo when we are not. Standard input stays closed: nothing may ask.
apt_get() {
    local run=(env DEBIAN_FRONTEND=noninteractive apt-get -qq "$@")
    if [ "$(id -u)" != 0 ]; then run=(sudo "${run[@]}"); fi
    "${run[@]}" </dev/null >&2 || give_up "'${run[*]}' failed"
}

# Whether apt's package is installed and configured.
has_package() {
    [ "$(dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

# Whether this user may install packages at all.
may_install() {
    command -v apt-get >/dev/null && { [ "$(id -u)" = 0 ] || command -v sudo >/dev/null; }
}

# Reads the distribution's lists of packages, once.
are_lists_read=
read_package_lists() {
    [ -z "$are_lists_read" ] || return 0
    apt_get update
    are_lists_read=yes
}

# Installs packages from the distribution.
install_packages() {
    may_install || give_up "this needs apt-get, and root or sudo; install these and run again: $*"
    say "installing $*"
    read_package_lists
    apt_get install -y "$@"
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

# The version of a package that apt would install; nothing when it has none.
offered_version() {
    apt-cache policy "$1" 2>/dev/null |
        sed -n 's/^ *Candidate: *\([0-9][0-9.]*\).*/\1/p' || true
}

# A Swift that reads Package.swift: the one that is there, or the distribution's.
prepare_swift() {
    local needed="$swift_major_min.$swift_minor_min" offered found
    local place="get Swift $needed or newer from https://www.swift.org/install/linux/"
    if ! command -v swift >/dev/null; then
        ! may_install || read_package_lists
        offered="$(offered_version swiftlang)"
        is_swift_new_enough "${offered:-0}" ||
            give_up "swift is not installed, and apt has none that is new enough: $place"
        install_packages swiftlang
    fi
    found="$(swift --version 2>/dev/null |
        sed -n 's/.*Swift version \([0-9][0-9.]*\).*/\1/p' || true)"
    is_swift_new_enough "${found:-0}" ||
        give_up "swift here is version ${found:-unknown}: $place"
}

# Everything there is to install; quick when nothing is missing.
prepare() {
    prepare_packages
    prepare_swift
}
