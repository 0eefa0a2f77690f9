# Program: redis
# About: redis-benchmark with BGSAVE and BGREWRITEAOF beside it; digest of all keys compared
# Packages: redis-server, redis-tools, perl
# Tags: slow, server
# Timeout: 180

prepare() {
    perl "$DATA/commands.pl" >commands
}

start() {
    redis-server --port "$port" --bind 127.0.0.1 --dir "$PWD" --save '' --daemonize no \
        --enable-debug-command local --rdb-key-save-delay 0 "$@" >>server.log 2>&1 &
    server=$!
    wait_until 20 redis-cli -p "$port" ping
    assert_preloaded "$server"
}

cli() {
    redis-cli -p "$port" "$@"
}

saved() {
    cli info persistence | tr -d '\r' | grep -q -x -e "$1_in_progress:0"
}

workload() {
    port=$(free_port)
    start --appendonly no
    cli --pipe <"$INPUT/commands" | grep -E 'errors|replies'
    cli debug digest
    cli select 1 >/dev/null
    for test in set,get lpush,lpop hset,sadd zadd,spop; do
        redis-benchmark -h 127.0.0.1 -p "$port" --dbnum 1 -q -c 20 -n 10000 -d 4096 -r 1000 \
            -t "$test" >/dev/null 2>benchmark.log &
        benchmark=$!
        cli bgsave | grep -o 'Background saving started'
        wait_until 30 saved rdb_bgsave
        wait "$benchmark" || cat benchmark.log
    done
    cli info persistence | tr -d '\r' | grep rdb_last_bgsave_status
    cli -n 1 flushdb async
    cli debug digest
    cli config set appendonly yes
    wait_until 30 saved aof_rewrite
    cli memory purge
    cli memory doctor | head -n 1 >/dev/null
    cli config set activedefrag no
    cli eval 'local n = 0 for i = 1, 20000 do local t = {i, tostring(i)} n = n + #t end return n' 0
    cli --no-auth-warning object encoding hash:1
    cli save
    cli shutdown nosave || true
    wait "$server"
    start --appendonly no --dbfilename dump.rdb
    cli debug digest
    cli dbsize
    cli --scan --pattern 'list:*' | sort | sha256sum
    redis-check-rdb dump.rdb | grep -E 'keys read|Checksum OK'
    cli shutdown nosave || true
    wait "$server"
}
