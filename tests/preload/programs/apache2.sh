# Program: apache2
# About: threaded workers with deflate and status, graceful restarts while loaded by ab
# Packages: apache2, apache2-utils, curl, perl
# Tags: slow, server
# Timeout: 120

prepare() {
    mkdir files
    perl -e '
        for my $size (10, 30_000, 2_000_000) {
            open my $out, ">", "files/$size.txt" or die;
            print $out map { "line $_\n" } 1 .. $size / 8;
        }'
    chmod -R a+rX .
}

summary() {
    grep -E '^(Complete requests|Failed requests|Non-2xx|Document Length)' || true
}

workload() {
    port=$(free_port)
    mkdir -p logs
    sed -e "s|@PORT@|$port|; s|@RUN@|$PWD|; s|@FILES@|$INPUT/files|" "$DATA/apache2.conf" >apache2.conf
    apache2 -d "$PWD" -f apache2.conf -t
    apache2 -d "$PWD" -f apache2.conf -DFOREGROUND &
    server=$!
    base="http://127.0.0.1:$port"
    wait_until 20 curl -s -f -o /dev/null "$base/10.txt"
    # shellcheck disable=SC2046
    assert_preloaded "$server" $(cat "/proc/$server/task/$server/children")

    ab -q -n 4000 -c 20 -H 'Accept-Encoding: gzip' "$base/30000.txt" 2>&1 >ab.log &
    load=$!
    for _ in 1 2 3; do
        sleep 0.4
        kill -USR1 "$server"
    done
    wait "$load"
    summary <ab.log
    ab -q -n 6000 -c 40 "$base/10.txt" 2>&1 | summary
    for path in 10.txt 2000000.txt no-such-file; do
        curl -s "$base/$path" | sed 's/ Port [0-9]*//' | sha256sum
        curl -s --compressed "$base/$path" | sed 's/ Port [0-9]*//' | sha256sum
        curl -s -r 5-800,1000-1200 "$base/$path" | wc -l
    done
    kill -WINCH "$server"
    wait "$server"
    grep -E 'exit signal|\[core:(alert|emerg|crit)\]' logs/error.log || true
}
