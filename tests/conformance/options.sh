#!/bin/bash
# Options from the environment, in programs under the library and with it inside.
#
#   options.sh BUILD_DIRECTORY
set -euo pipefail
build=$1
cd "$(dirname "$0")/../.."
dir=$(mktemp -d)
chmod 755 "$dir"
trap 'rm -rf "$dir"' EXIT
unset LD_PRELOAD KNOLL_OPTIONS

run() { # OPTIONS PROGRAM...: its output, ended by its exit status
    local options=$1 status=0
    shift
    KNOLL_OPTIONS=$options LD_PRELOAD=$build/libknoll.so "$@" >"$dir/output" 2>&1 || status=$?
    echo "status $status" >>"$dir/output"
}

expect() { # TEXT WHAT
    [ "$(cat "$dir/output")" = "$1" ] || { echo "$2:"; cat "$dir/output"; exit 1; }
}

expect_line() { # PATTERN
    grep -q "$1" "$dir/output" || { echo "no line like $1:"; cat "$dir/output"; exit 1; }
}

cat >"$dir/wrong.c" <<'END'
#include <stdlib.h>
#include <stdio.h>
int main(void)
{
    char *volatile in_block = malloc(100);
    free(in_block + 8);
    puts("went on");
    return 0;
}
END
gcc -O1 -w "$dir/wrong.c" -o "$dir/wrong"
run "" "$dir/wrong"
expect_line '^knoll: free(0x[0-9a-f]*): invalid pointer'
expect_line '^status 134$'
run "on_error=report" "$dir/wrong"
expect_line '^knoll: free'
expect_line '^status 0$'
run "on_error=ignore" "$dir/wrong"
expect $'went on\nstatus 0' "a wrong pointer that is to be ignored"

run "nonsense=1" /bin/echo text
expect_line '^knoll: KNOLL_OPTIONS: no option nonsense; there are: on_error .* stats_file'
[ "$(wc -l <"$dir/output")" = 3 ]
run "dirty_min=2E" /bin/echo text
expect $'knoll: KNOLL_OPTIONS: dirty_min=2E is not a value; valid: 0 to 1TiB; kept: 4MiB\ntext\nstatus 0' \
    "a wrong value"

run "limit_hard=32M" python3 -c 'x = bytes(100 << 20)'
expect_line MemoryError
run "limit_hard=64M" python3 -c 'x = bytes(16 << 20); print(len(x))'
expect $'16777216\nstatus 0' "a limit that is not met"

run "stats_at_exit=text" /bin/true
expect_line 'knoll 0.1.0: memory of true'
run "stats_at_exit=json,stats_file=$dir/stats.%p" sh -c 'echo $$; exec ls /'
pid=$(head -1 "$dir/output")
python3 -c 'import json, sys; assert json.load(open(sys.argv[1]))["slabs"] > 0' "$dir/stats.$pid"

# A program with more rights than its user does not listen to the environment.
if [ "$(id -u)" = 0 ]; then
    echo '#include <stdlib.h>
    int main(void) { free(malloc(1)); return 0; }' >"$dir/secure.c"
    gcc -O0 "$dir/secure.c" "$build/libknoll.a" -o "$dir/secure" -pthread
    KNOLL_OPTIONS=nonsense "$dir/secure" 2>&1 | grep -q 'no option nonsense'
    chown nobody "$dir/secure"
    chmod u+s "$dir/secure"
    [ -z "$(KNOLL_OPTIONS=nonsense "$dir/secure" 2>&1)" ] ||
        { echo "a privileged program listens to the environment"; exit 1; }
fi
echo passed
