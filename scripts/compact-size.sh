#!/bin/bash
# The size of the compact heap in bytes of code and constants, by index.
#
#   compact-size.sh DIRECTORY...     each with the objects that `make bare` makes
#
# "heap" is creation, attaching, extending, and all calls on blocks; "checks" is the walk, the
# statistics, the check and the mending, which a program may leave out.
set -euo pipefail

bytes() {
    size "$@" | awk 'NR > 1 { total += $1 + $2 } END { print total }'
}

printf '%-8s %-10s %6s %6s %6s %8s\n' machine index heap index checks together
for directory in "$@"; do
    heap=$(bytes "$directory"/compact.o "$directory"/compact_part.o "$directory"/compact_block.o)
    checks=$(bytes "$directory"/compact_inspect.o)
    for kind in list tlsf tree; do
        index=$(bytes "$directory/compact_$kind.o")
        printf '%-8s %-10s %6d %6d %6d %8d\n' "$(basename "$directory")" $kind "$heap" "$index" \
            "$checks" $((heap + index + checks))
    done
done
