#!/bin/bash
# Builds test_allocator in several variants, runs each, and adds up the results.
#
#   run_tests.sh [-j N] COMPILER:VARIANT... [-- ARGUMENT_OF_TEST_ALLOCATOR...]
#
# COMPILER:programs stands for real programs under that compiler's release library, COMPILER:cases
# for the small ones about loader, forks, limits and the like.
# A variant that does not build, or whose runner ends without a result, counts as one failure, and
# the others are run all the same. The last line is "N passed, N failed".
set -uo pipefail
cd "$(dirname "$0")/.." || exit 2

jobs=$(nproc 2>/dev/null || echo 1)
pairs=()
while [ $# -gt 0 ]; do
    case $1 in
    -j) jobs=$2; shift ;;
    --) shift; break ;;
    *:*) pairs+=("$1") ;;
    *) echo "usage: run_tests.sh [-j N] COMPILER:VARIANT... [-- ARGUMENT...]" >&2; exit 2 ;;
    esac
    shift
done

# Called from make, the flags of that make, its job server above all, are not meant for ours.
unset MAKEFLAGS MFLAGS

log=$(mktemp /tmp/knoll-tests.XXXXXX)
trap 'rm -f "$log"' EXIT
passed=0
failed=0
summary=""

# The thread sanitizer of some compilers cannot place its shadow memory when addresses are spread
# widely.
fixed_addresses=()
if setarch -R true 2>/dev/null; then
    fixed_addresses=(setarch -R)
fi

run_programs() {
    local library=build/${1##*/}-release/libknoll.so
    make -s -j "$jobs" CC="$1" VARIANT=release "$library" || return
    ./tests/preload/run --jobs "$jobs" --lib "$library"
}

run_cases() {
    local directory=build/${1##*/}-release
    make -s -j "$jobs" CC="$1" VARIANT=release "$directory"/libknoll.{so,a} || return
    ./tests/preload/cases/run --jobs "$jobs" --lib "$directory/libknoll.so"
}

run_pair() {
    local compiler=${1%%:*} variant=${1#*:}
    shift
    case $variant in
    programs | cases)
        "run_$variant" "$compiler"
        return ;;
    esac
    local runner=build/${compiler##*/}-$variant/test_allocator prefix=()
    [ "$variant" = tsan ] && prefix=("${fixed_addresses[@]}")
    make -s -j "$jobs" CC="$compiler" VARIANT="$variant" "$runner" || return
    "${prefix[@]}" "$runner" -j "$jobs" "$@"
}

for pair in "${pairs[@]}"; do
    echo "== $pair"
    run_pair "$pair" "$@" 2>&1 | tee "$log"
    status=${PIPESTATUS[0]}
    result=$(grep -oE '^[0-9]+ passed, [0-9]+ failed(, [0-9]+ skipped)?$' "$log" | tail -n 1)
    result=${result%, * skipped}
    if [ -z "$result" ]; then
        result="0 passed, 1 failed"
    elif [ "$status" -ne 0 ] && [[ $result == *", 0 failed" ]]; then
        result="${result%%,*}, 1 failed"
    fi
    read -r pair_passed _ pair_failed _ <<<"$result"
    passed=$((passed + pair_passed))
    failed=$((failed + pair_failed))
    summary+=$(printf '%-16s %s' "$pair" "$result")$'\n'
done

echo
printf '%s' "$summary"
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
