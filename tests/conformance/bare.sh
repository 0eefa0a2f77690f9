#!/bin/bash
# The compact heap without a system: compiled without the headers of a libc and for each width that
# the compiler knows, it needs memcpy and memset alone, and a program without libc runs on it.
#
#   bare.sh BUILD_DIRECTORY
set -euo pipefail
cd "$(dirname "$0")/../.."
build=$(realpath "$1")/tests/conformance/bare
[ "$(uname -m)" = x86_64 ] || { echo "it is for x86-64"; echo passed; exit 0; }
case $1 in *clang*) cc=clang ;; *) cc=gcc ;; esac
mkdir -p "$build"

make -s compact-size CC=$cc
for width in native m32; do
    library=build/$cc-bare/$width/libknoll_compact.a
    [ -e $library ] || { echo "$cc does not know $width"; continue; }
    wanted=$(nm -u $library | awk 'NF == 2 { print $2 }' | sort -u |
        grep -vE '^(mem(cpy|set)|kn_\w+|knoll_\w+|_GLOBAL_OFFSET_TABLE_)$') || true
    [ -z "$wanted" ] || { echo "$width needs $wanted"; exit 1; }
    for index in first_fit tlsf best_fit; do
        firmware=$build/firmware-$width-$index
        $cc -std=gnu11 -O2 -ffreestanding -fno-pic -fno-stack-protector -nostdlib -static \
            $([ $width = native ] || echo -$width) -DINDEX=knoll_compact_$index -Iinclude \
            -o "$firmware" tests/conformance/bare/firmware.c $library
        "$firmware" || { echo "$firmware ends with $?"; exit 1; }
        linked=$(nm "$firmware" | grep -cE ' T knoll_compact_(first_fit|tlsf|best_fit)$')
        [ "$linked" = 1 ] || { echo "$firmware has $linked indexes"; exit 1; }
    done
done
echo passed
