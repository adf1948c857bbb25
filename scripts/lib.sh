# Shared by the scripts beside it: `. scripts/lib.sh`, from the project's folder.
# shellcheck shell=bash

say() { printf '== %s\n' "$*" >&2; }

fail() {
    printf '%s\n' "$@" >&2
    exit 1
}

# What building needs beside Swift, by Debian's names: libraries with their headers, and what a linker wants.
# shellcheck disable=SC2034
build_packages=(libcurl4-openssl-dev libedit-dev libsqlite3-dev libarchive-dev libpq-dev pkg-config g++)

# Stops with two lines where Swift 6 is not to be found.
need_swift() {
    local said version
    said=$(swift --version 2>&1) || true
    version=$(sed -n 's/.*Swift version \([0-9]*\).*/\1/p' <<<"$said" | head -n 1)
    [ "${version:-0}" -ge 6 ] && return
    command -v swift >/dev/null || said="it is not here"
    fail "vecsh is built with Swift 6, and that cannot be used: ${said%%$'\n'*}." \
        "Get it from https://www.swift.org/install/linux/ (one line with swiftly), and run $0 again."
}

# Installs those packages that are missing; says so, and asks for sudo only where it is needed.
need_packages() {
    local missing=() package as=()
    command -v dpkg-query >/dev/null || {
        say "this is no Debian: make sure that the equivalents of $* are installed"
        return
    }
    for package in "$@"; do
        has_package "$package" || missing+=("$package")
    done
    [ ${#missing[@]} -eq 0 ] && return
    [ "$(id -u)" -eq 0 ] || as=(sudo)
    say "installing ${missing[*]}${as:+ (with sudo)}"
    # The list of packages may be too old, or not there at all.
    install_packages || { "${as[@]}" apt-get update -q >&2 && install_packages; } ||
        fail "these packages could not be installed: ${missing[*]}" "Install them, and run $0 again."
}

# Reads `as` and `missing` of need_packages.
install_packages() {
    "${as[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends "${missing[@]}" \
        </dev/null >&2
}

has_package() {
    case $1 in
    pkg-config) command -v pkg-config >/dev/null ;;
    g++ | python3 | jq | curl) command -v "$1" >/dev/null ;;
    python3-venv) python3 -c 'import ensurepip' 2>/dev/null ;;
    *) dpkg-query -W -f '${Status}' "$1" 2>/dev/null | grep -q 'install ok installed' ;;
    esac
}

# `swift build` with imports held to the list in Package.swift. Its own lines are shown only where it fails.
build() {
    local log status=0
    log=$(mktemp)
    swift build --explicit-target-dependency-import-check error "$@" >"$log" 2>&1 || status=$?
    if [ "$status" -ne 0 ]; then
        cat "$log" >&2
    else
        grep -E '(warning|error):' "$log" | grep -v 'mktemp' | sort -u >&2 || true
    fi
    rm -f "$log"
    return "$status"
}
