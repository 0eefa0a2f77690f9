#!/bin/sh
# program.sh FILE FUNCTION: calls prepare or workload of a program's file (see program.py).
#
# In the environment: INPUT (what prepare made), OUT (compared directory), DATA (the program's own
# files beside its shell file), PROGRAMS (those of all), REPOSITORY, and under the library also PRELOADED, its path.
set -eu

# assert_preloaded PID...: the processes have the library, if this is a run under it.
assert_preloaded() {
    local pid
    [ -n "${PRELOADED:-}" ] || return 0
    for pid in "$@"; do
        grep -q "$PRELOADED" "/proc/$pid/maps" || {
            echo "process $pid ($(cat "/proc/$pid/comm")) does not have $PRELOADED" >&2
            return 1
        }
    done
}

# wait_until SECONDS COMMAND...: polls until the command succeeds.
wait_until() {
    local tries=$(($1 * 20))
    shift
    while ! "$@" >/dev/null 2>&1; do
        tries=$((tries - 1))
        [ "$tries" -gt 0 ] || {
            echo "gave up waiting for: $*" >&2
            return 1
        }
        sleep 0.05
    done
}

# free_port: a TCP port of the loopback interface that nobody listens on.
free_port() {
    perl -MIO::Socket::INET -e '
        $socket = IO::Socket::INET->new(Listen => 1, LocalAddr => "127.0.0.1", LocalPort => 0)
            or die "no free port: $!\n";
        print $socket->sockport'
}

prepare() { :; }

. "$1"
assert_preloaded $$
"$2"
