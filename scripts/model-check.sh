#!/bin/bash
# Checks the model of the protocol of slabs (tests/model/remote.pml) exhaustively with spin, then
# that it finds faults planted in it.
#
#   model-check.sh           a few minutes, under 2 GiB
#   model-check.sh --large   larger runs as well: a quarter of an hour, under 4 GiB
#
# Each run prints how many states there are; the last line is "N passed, N failed". Without spin
# nothing is checked, and a line says so.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 2

model=$PWD/tests/model/remote.pml
build=build/model
cc=${CC:-gcc}
# States are kept whole, compressed without loss; order reduction is spin's default. The depth limit
# is that of the search's stack: a run that reaches it is a failure.
pan_flags=(-O2 -w -DCOLLAPSE -DSAFETY -DMEMLIM=4000)
depth=12000000
passed=0
failed=0

case ${1:-} in
"" | --large) ;;
*) echo "usage: model-check.sh [--large]" >&2; exit 2 ;;
esac
if ! command -v spin >/dev/null 2>&1; then
    echo "note: the model is not checked: there is no spin; ./scripts/install-deps.sh installs it" >&2
    exit 0
fi

# Builds and runs the verifier in a directory of its own; its report is then in `report`.
verify() { # NAME DEFINE...
    local name=$1
    shift
    local dir=$build/$name
    rm -rf "$dir" && mkdir -p "$dir" || return
    report=$dir/report.txt
    (cd "$dir" && spin -a "$@" "$model" && "$cc" "${pan_flags[@]}" -o pan pan.c &&
        ./pan -m$depth) >"$report" 2>&1
}

states() {
    sed -n 's/^ *\([0-9]*\) states, stored.*/\1/p' "$report"
}

is_complete() {
    grep -q 'errors: 0$' "$report" && ! grep -qE 'max search depth|Search not completed' "$report"
}

result() { # STATUS NAME WHAT
    printf '%-4s %-28s %10s states  %4d s  %s\n' "$1" "$2" "$(states)" $((SECONDS - start)) "$3"
    if [ "$1" = PASS ]; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        tail -n 5 "$report"
        echo "     see $report; spin -t -p -g replays the trail beside it"
    fi
}

holds() { # NAME DEFINE...
    start=$SECONDS
    verify "$@"
    if is_complete; then
        result PASS "$1" "all properties hold"
    else
        result FAIL "$1" "not all properties hold"
    fi
}

finds() { # FAULT DEFINE...
    local fault=$1
    shift
    start=$SECONDS
    verify "fault-$fault" "-DBUG_$fault" "$@"
    if grep -q '^pan:1: assertion violated' "$report"; then
        result PASS "fault-$fault" "found"
    else
        result FAIL "fault-$fault" "planted, and not found"
    fi
}

holds two-threads-4-blocks -DTHREADS=2 -DBLOCKS=4 -DOFFER_AT=2
holds two-threads-3-blocks -DTHREADS=2 -DBLOCKS=3 -DOFFER_AT=1
holds three-threads -DTHREADS=3 -DBLOCKS=2 -DOFFER_AT=1
holds three-threads-no-offer -DTHREADS=3 -DBLOCKS=2 -DOFFER_AT=2
holds owner-2-freers -DTHREADS=3 -DFREERS=2 -DBLOCKS=3 -DOFFER_AT=1
holds owner-2-freers-late-offer -DTHREADS=3 -DFREERS=2 -DBLOCKS=3 -DOFFER_AT=2
holds 2-owners-2-freers -DTHREADS=4 -DFREERS=2 -DBLOCKS=2 -DOFFER_AT=1
holds shared-heap -DTHREADS=3 -DSHARED=2 -DBLOCKS=3 -DOFFER_AT=1
if [ "${1:-}" = --large ]; then
    holds 2-owners-freer -DTHREADS=3 -DFREERS=1 -DBLOCKS=3 -DOFFER_AT=1
    holds three-threads-3-blocks -DTHREADS=3 -DBLOCKS=3 -DOFFER_AT=2
    holds owner-3-freers -DTHREADS=4 -DFREERS=3 -DBLOCKS=3 -DOFFER_AT=2
fi

finds TOUCH_AFTER_DISOWN -DTHREADS=2 -DBLOCKS=2
finds OFFER_UNLOCKED -DTHREADS=2 -DBLOCKS=2
finds PUBLISH_BY_STORE -DTHREADS=2 -DBLOCKS=2
finds POOL_IDLE_SLAB -DTHREADS=2 -DBLOCKS=3 -DOFFER_AT=2
finds TAG_BEFORE_LOCK -DTHREADS=3 -DSHARED=2 -DBLOCKS=2

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
