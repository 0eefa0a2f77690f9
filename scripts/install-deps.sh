#!/bin/bash
# Installs what building and testing knoll needs on Debian and its kin; does nothing when all of it
# is there.
#
#   install-deps.sh          what building and `make check` need
#   install-deps.sh build    what building and the quick start need
set -euo pipefail

missing=()
need_command() { # COMMAND PACKAGE
    command -v "$1" >/dev/null 2>&1 || missing+=("$2")
}
need_file() { # PATH PACKAGE
    [ -e "$1" ] || missing+=("$2")
}

find_missing() {
    missing=()
    need_command gcc gcc
    need_command g++ g++
    need_command make make
    need_command pkg-config pkg-config
    need_command python3 python3
    need_command nm binutils
    need_file /usr/include/stdlib.h libc6-dev
    [ "$1" = all ] || return 0
    need_command git git
    need_command clang clang
    need_command clang++ clang
    need_command clang-format clang-format
    need_command shellcheck shellcheck
    need_command mandoc mandoc
    need_command valgrind valgrind
    need_command spin spin
    if ! pkg-config --exists check 2>/dev/null; then
        missing+=(check)
    fi
    if ! [ -e "$(clang --print-file-name="libclang_rt.tsan-$(uname -m).a" 2>/dev/null)" ]; then
        missing+=(libclang-rt-dev)
    fi
}

what=${1:-all}
case $what in
all | build) ;;
*) echo "usage: install-deps.sh [all|build]" >&2; exit 2 ;;
esac

find_missing "$what"
[ ${#missing[@]} -gt 0 ] || exit 0
mapfile -t missing < <(printf '%s\n' "${missing[@]}" | sort -u)
echo "installing: ${missing[*]}"

if ! command -v apt-get >/dev/null 2>&1; then
    echo "install-deps.sh: there is no apt-get here; install these, or what they are called on" \
        "this system: ${missing[*]}" >&2
    exit 1
fi
root=()
if [ "$(id -u)" -ne 0 ]; then
    if ! command -v sudo >/dev/null 2>&1; then
        echo "install-deps.sh: run as root: apt-get install ${missing[*]}" >&2
        exit 1
    fi
    root=(sudo)
fi
apt=("${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q -o Acquire::Retries=3)
"${apt[@]}" update </dev/null
"${apt[@]}" install -y --no-install-recommends "${missing[@]}" </dev/null

find_missing "$what"
if [ ${#missing[@]} -gt 0 ]; then
    echo "install-deps.sh: still missing after the installation: ${missing[*]}" >&2
    exit 1
fi
