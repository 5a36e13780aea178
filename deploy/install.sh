#!/bin/sh
# Installs what is missing on a Debian-like machine: `install.sh run` for running and the demo,
# `install.sh test` for the tests as well. Without root or sudo it says exactly what to install.
# It never relies on a PostgreSQL service that the distribution starts: nodes start their own.
set -eu
need=${1:-run}

say() { printf '%s\n' "$*" >&2; }

missing_tools=
command -v go >/dev/null 2>&1 || missing_tools="$missing_tools go(1.26)"
command -v gcc >/dev/null 2>&1 || missing_tools="$missing_tools gcc"
command -v npm >/dev/null 2>&1 || missing_tools="$missing_tools node(20.19)-with-npm"
if [ -n "$missing_tools" ]; then
    say "Missing:$missing_tools. Install them first; this script does not fetch toolchains."
    exit 1
fi
node -e 'const [a,b]=process.versions.node.split(".").map(Number); process.exit(a>20||a===20&&b>=19?0:1)' || {
    say "Node $(node --version) is too old: 20.19 or newer is needed."
    exit 1
}

# postgres_version prints the newest version found, such as 15.20, or nothing.
postgres_version() {
    for dir in "$(dirname "$(command -v initdb 2>/dev/null || echo /nowhere/initdb)")" /usr/lib/postgresql/*/bin /usr/pgsql-*/bin; do
        if [ -x "$dir/initdb" ] && [ -x "$dir/postgres" ]; then
            "$dir/postgres" --version | sed -E 's/.*\(PostgreSQL\) ([0-9]+\.[0-9]+).*/\1/'
        fi
    done | sort -t. -k1,1n -k2,2n | tail -n 1
}

version=$(postgres_version)
major=${version%%.*}
minor=${version#*.}
packages=
[ "${major:-0}" -ge 15 ] || packages="$packages postgresql"
if [ "$need" = test ]; then
    command -v chromium >/dev/null 2>&1 || packages="$packages chromium"
    [ -d /usr/share/fonts/opentype/noto ] || packages="$packages fonts-noto-cjk"
    command -v xmllint >/dev/null 2>&1 || packages="$packages libxml2-utils"
    command -v iconv >/dev/null 2>&1 || packages="$packages libc-bin"
fi
# Minors before 15.20 have the exported-snapshot bug: nodes guard against it, but the newest is better.
newer=
[ "${major:-0}" = 15 ] && [ "$minor" -lt 20 ] && newer=postgresql-15
[ -n "$packages$newer" ] || exit 0

if [ "$(id -u)" = 0 ]; then
    as_root=
elif [ -z "$packages" ]; then
    exit 0 # a newer minor is wished for, not needed
elif command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; then
    as_root=sudo
else
    say "Missing packages:$packages"
    say "You are neither root nor able to sudo without a password. Please have them installed:"
    say "    apt-get update && apt-get install --no-install-recommends$packages"
    exit 1
fi
command -v apt-get >/dev/null 2>&1 || {
    [ -n "$packages" ] || exit 0
    say "Missing packages:$packages (Debian's names), and there is no apt-get here. Install them, then run this again."
    exit 1
}

install() {
    say "Installing: $*"
    $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >/dev/null
}
$as_root apt-get update -qq || [ -z "$packages" ]
# shellcheck disable=SC2086 # the list is meant to be split
[ -z "$packages" ] || install $packages
[ -z "$newer" ] || install "$newer" || say "PostgreSQL stays at $version: a newer minor could not be installed."
