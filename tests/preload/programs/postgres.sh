# Program: postgres
# About: initdb, pgbench with 8 clients, parallel queries, indexes, dump; contents compared
# Packages: postgresql-15, postgresql-client-15
# Tags: slow, server
# Timeout: 300

# The server refuses to run as root.
as_owner() {
    if [ "$(id -u)" = 0 ]; then
        setpriv --reuid=postgres --regid=postgres --clear-groups --inh-caps=-all -- "$@"
    else
        "$@"
    fi
}

query() {
    as_owner psql -h "$PWD/socket" -d postgres -X -A -t -q -v ON_ERROR_STOP=1 "$@"
}

workload() {
    bin=$(echo /usr/lib/postgresql/*/bin)
    PATH="${bin##* }:$PATH"
    export PGUSER=owner PGTZ=UTC HOME="$PWD" TMPDIR="$PWD"
    mkdir socket
    [ "$(id -u)" != 0 ] || chown -R postgres . socket
    as_owner initdb -D data -U owner -A trust -E UTF8 --locale=C.UTF-8 --no-sync >initdb.log
    cat "$DATA/postgresql.conf" >>data/postgresql.conf
    as_owner postgres -D data -k "$PWD/socket" >server.log 2>&1 &
    server=$!
    wait_until 30 query -c 'select 1'
    pid=$(head -n 1 data/postmaster.pid)
    # shellcheck disable=SC2046
    assert_preloaded "$pid" $(cat "/proc/$pid/task/$pid/children")

    as_owner pgbench -h "$PWD/socket" -i -s 3 -q postgres >pgbench.log 2>&1
    as_owner pgbench -h "$PWD/socket" -n --random-seed=1 -c 8 -j 2 -t 250 postgres |
        grep -E 'transactions actually|failed'
    # A new process of the server for each transaction.
    as_owner pgbench -h "$PWD/socket" -n --random-seed=2 -c 4 -j 2 -t 40 -C -S postgres |
        grep -E 'transactions actually|failed'
    query -f "$DATA/work.sql"
    # The random word of \restrict is new in each dump.
    as_owner pg_dump -h "$PWD/socket" -d postgres -t 'made*' | grep -v restrict | sha256sum
    query -c 'select count(*) filter (where abalance <> 0) > 0, sum(abalance) from pgbench_accounts'
    query -c 'select md5(string_agg(format($$%s %s$$, aid, abalance), $$,$$ order by aid))
        from pgbench_accounts'
    kill -INT "$pid"
    wait "$server"
    grep -E 'PANIC|terminated by signal' server.log || true
    tail -n 1 server.log | grep -o 'database system is shut down'
}
