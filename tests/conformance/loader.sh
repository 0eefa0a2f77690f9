#!/bin/bash
# Plugins under the library: opened with RTLD_DEEPBIND, found by the opener's RUNPATH, bringing the C++
# runtime or a knoll of their own; and blocks of libc's own malloc.
#
#   loader.sh BUILD_DIRECTORY
set -euo pipefail
build=$1
cd "$(dirname "$0")/../.."
here=$PWD/tests/conformance/loader
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
unset LD_PRELOAD KNOLL_OPTIONS

run() { # the output of a program under the library, ended by its exit status
    local status=0
    LD_PRELOAD=$build/libknoll.so "$@" 2>&1 || status=$?
    echo "status $status"
}

expect() { # TEXT WHAT
    [ "$(cat "$dir/output")" = "$1" ] || { echo "$2:"; cat "$dir/output"; exit 1; }
}

mkdir "$dir/plugins"
# shellcheck disable=SC2016
gcc -O1 "$here/host.c" -o "$dir/host" -Wl,-rpath,'$ORIGIN/plugins' -Wl,--enable-new-dtags
for plugin in plugin own_malloc; do
    gcc -O1 -fPIC -shared "$here/$plugin.c" -o "$dir/plugins/$plugin.so"
done
g++ -O1 -fPIC -shared "$here/late.cpp" -o "$dir/plugins/late.so"
for number in 1 2; do
    gcc -O1 -fPIC -shared -Iinclude "$here/copy.c" "$build/libknoll_api.a" -pthread \
        -Wl,--exclude-libs,ALL -o "$dir/plugins/copy$number.so"
done
gcc -O1 "$here/libc_blocks.c" -o "$dir/libc_blocks" -pthread
gcc -O1 "$here/no_runtime.c" -o "$dir/no_runtime"

for mode in local deep; do
    run "$dir/host" $mode plugin.so >"$dir/output"
    expect $'ran\nstatus 0' "a plugin opened $mode by its name alone"
done
KNOLL_OPTIONS=deepbind=on run "$dir/host" deep own_malloc.so >"$dir/output"
expect $'ran\nstatus 0' "a block of libc's malloc from a plugin that is bound deeply"

run "$dir/host" local late.so >"$dir/output"
expect $'caught\nran\nstatus 0' "memory runs out in a plugin with its own C++ runtime"
run "$dir/no_runtime" >"$dir/output"
expect $'knoll: operator new: out of memory, and no C++ runtime to throw\nstatus 134' \
    "memory runs out without a C++ runtime"

run "$dir/host" local copy1.so >"$dir/output"
expect $'apart\nran\nstatus 0' "a plugin with a knoll of its own"
run "$dir/host" global copy2.so >"$dir/output"
expect $'apart\nran\nstatus 0' "a plugin with a knoll of its own, for all to see"
"$dir/host" local copy1.so >"$dir/output"
expect $'apart\nran' "a plugin with a knoll of its own, on libc's malloc"

run "$dir/libc_blocks" >"$dir/output"
expect $'taken\nstatus 0' "blocks of libc's own malloc"
echo passed
