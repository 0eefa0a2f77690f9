#!/bin/bash
# malloc and free of a small block in the shared library: a straight line of at most 30 instructions
# together, without a call, a locked instruction or a register saved.
#
#   fastpath.sh BUILD_DIRECTORY
set -euo pipefail
build=$1
case $(basename "$build") in
*-release) ;;
*) echo "it is for release builds"; echo passed; exit 0 ;;
esac
[ "$(uname -m)" = x86_64 ] || { echo "it is for x86-64"; echo passed; exit 0; }

# The instructions from the first on to the first return.
line() {
    objdump -d --no-show-raw-insn --disassemble="$1" "$build/libknoll.so" |
        awk -F'\t' -v name="<$1>:" '
            index($0, name) { inside = 1 }
            inside && NF >= 2 && $2 !~ /^nop|^data16|^cs nopw|^endbr64/ { print $2 }
            inside && $2 ~ /^ret/ { exit }'
}

total=0
for function in malloc free _Znwm _ZdlPv _ZdlPvm; do
    text=$(line $function)
    if wrong=$(grep -E '^(push|pop|call|lock|jmp)' <<<"$text"); then
        echo "$function has: $wrong"
        exit 1
    fi
    count=$(wc -l <<<"$text")
    echo "$function $count"
    case $function in malloc | free) total=$((total + count)) ;; esac
done
[ $total -le 30 ] || { echo "malloc and free take $total instructions"; exit 1; }
echo passed
