# Program: sqlite3
# About: a table of 100,000 rows: import, indexes, joins, window functions, text search, VACUUM
# Packages: sqlite3, perl
# Tags: fast
# Timeout: 120

prepare() {
    perl -e '
        my $x = 1;
        for my $i (1 .. 100_000) {
            $x = ($x * 1103515245 + 12345) & 0x7fffffff;
            printf "%d,%d,word%d,%s\n", $i, ($x >> 8) % 5000, ($x >> 12) % 700, "t" x ($x % 60);
        }' >rows.csv
}

workload() {
    sqlite3 "$OUT/data.db" <"$DATA/build.sql"
    sqlite3 -readonly "$OUT/data.db" <"$DATA/query.sql"
    sqlite3 "$OUT/data.db" .dump | sha256sum
    sqlite3 :memory: <"$DATA/memory.sql"
}
