# Program: nginx
# About: static files, gzip and a proxy under ab, reloaded six times while loaded
# Packages: nginx-light, apache2-utils, curl, perl
# Tags: slow, server
# Timeout: 120

prepare() {
    mkdir files
    perl -e '
        for my $size (10, 1000, 30_000, 2_000_000) {
            open my $out, ">", "files/$size.txt" or die;
            print $out map { "line $_\n" } 1 .. $size / 8;
        }'
    chmod -R a+rX .
}

# Whatever ab prints is a time or a rate, but for these.
summary() {
    grep -E '^(Complete requests|Failed requests|Non-2xx|Document Length)' || true
}

workload() {
    port=$(free_port)
    mkdir -p logs temp
    sed -e "s|@PORT@|$port|; s|@RUN@|$PWD|; s|@FILES@|$INPUT/files|" "$DATA/nginx.conf" >nginx.conf
    nginx -p "$PWD" -e error.log -c nginx.conf -t -q
    nginx -p "$PWD" -e error.log -c nginx.conf -g 'daemon off;' &
    server=$!
    base="http://127.0.0.1:$port"
    wait_until 20 curl -s -f -o /dev/null "$base/10.txt"
    # shellcheck disable=SC2046
    assert_preloaded "$server" $(cat "/proc/$server/task/$server/children")

    ab -q -n 6000 -c 30 "$base/30000.txt" 2>&1 >ab.first &
    first=$!
    ab -q -n 2000 -c 20 -H 'Accept-Encoding: gzip' "$base/proxied/30000.txt" 2>&1 >ab.second &
    second=$!
    for _ in 1 2 3 4 5 6; do
        nginx -p "$PWD" -e error.log -c nginx.conf -s reload
        sleep 0.2
    done
    wait "$first" "$second"
    summary <ab.first
    summary <ab.second
    ab -q -k -n 20000 -c 50 "$base/10.txt" 2>&1 | summary
    for path in 10.txt 2000000.txt proxied/2000000.txt no-such-file; do
        curl -s "$base/$path" | sha256sum
        curl -s --compressed "$base/$path" | sha256sum
        curl -s -r 5-800 "$base/$path" | sha256sum
    done
    nginx -p "$PWD" -e error.log -c nginx.conf -s quit
    wait "$server"
    # A worker that crashes is replaced silently, but for the log.
    grep -E '\[(alert|emerg|crit)\]' logs/error.log error.log || true
}
