#!/bin/bash
# The conformance programs linked to libknoll.a, in every way that a program can be linked: they must
# answer as on libc's malloc, and every block must be knoll's.
#
#   static.sh BUILD_DIRECTORY
set -euo pipefail
build=$1
cd "$(dirname "$0")/../.."
here=tests/conformance
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
unset LD_PRELOAD

expect() { # PROGRAM WHAT
    "$dir/program" >"$dir/output" 2>&1 || { cat "$dir/output"; echo "$2: $1 fails"; exit 1; }
    diff "$dir/expected.$1" "$dir/output" || { echo "$2: $1 answers otherwise"; exit 1; }
}

for program in family operators; do
    "$build/$here/$program" >"$dir/expected.$program"
done
(cd "$dir" && ar x "$build/libknoll.a")

flags=(-O1 -DCONFORMANCE_LINKED -Iinclude -w)
for compiler in gcc clang; do
    command -v $compiler >/dev/null || continue
    cxx=$([ $compiler = gcc ] && echo g++ || echo clang++)
    for kind in -static -static-pie -pie -no-pie; do
        $compiler "${flags[@]}" $kind -c $here/family.c -o "$dir/family.o"
        $cxx "${flags[@]}" -std=c++17 $kind -c $here/operators.cpp -o "$dir/operators.o"
        for order in "MAIN $build/libknoll.a" "$dir/libknoll.o MAIN" \
            "-Wl,-u,malloc $build/libknoll.a MAIN"; do
            # shellcheck disable=SC2086
            $compiler $kind ${order/MAIN/$dir/family.o} -o "$dir/program" -pthread
            expect family "$compiler $kind $order"
        done
        $cxx $kind "$dir/operators.o" "$build/libknoll.a" -o "$dir/program" -pthread
        expect operators "$cxx $kind"
    done
done

if command -v musl-gcc >/dev/null; then
    for kind in -static -no-pie; do
        musl-gcc "${flags[@]}" $kind $here/alignment.c "$build/libknoll.a" -o "$dir/program"
        "$dir/program" || { echo "musl-gcc $kind: alignment fails"; exit 1; }
        musl-gcc "${flags[@]}" $kind $here/family.c "$build/libknoll.a" -o "$dir/program"
        "$dir/program" >/dev/null || { echo "musl-gcc $kind: family fails"; exit 1; }
    done
fi

# Nothing of the archive is global but what is meant to be.
extra=$(nm -g --defined-only "$build/libknoll.a" | awk 'NF == 3 { print $3 }' |
    grep -Ev '^(kn_|knoll_|_Z(nw|na|dl|da)|mall|(re|c|v|pv|mem|aligned_)al|c?free|posix_memalign)' || true)
[ -z "$extra" ] || { echo "the archive shows $extra"; exit 1; }
echo passed
