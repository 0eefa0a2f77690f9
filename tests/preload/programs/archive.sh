# Program: archive
# About: tar, gzip, bzip2, xz -T2, zstd -T2 and back
# Packages: tar, gzip, bzip2, xz-utils, zstd, perl
# Tags: fast
# Timeout: 120

prepare() {
    mkdir tree
    cp -rL /usr/share/perl5/. tree 2>/dev/null || true
    find tree -type f | sort | tail -n +150 | xargs -r -d '\n' rm -f
    # A text of a few megabytes that no machine lacks.
    perl -e 'print "line ", $_ * 7919 % 100_003, " of much text $_\n" for 1 .. 70_000' >tree/text
}

workload() {
    tar -c --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner -C "$INPUT" tree >"$OUT/t.tar"
    gzip -9 -n -k "$OUT/t.tar"
    bzip2 -k "$OUT/t.tar"
    xz -3 -T2 --block-size=1MiB -k "$OUT/t.tar"
    zstd -q -12 -T2 -k "$OUT/t.tar"
    zstd -q -3 --long=24 -c "$OUT/t.tar" | sha256sum
    for pair in 'gzip gz' 'bzip2 bz2' 'xz xz' 'zstd zst'; do
        ${pair% *} -d -c "$OUT/t.tar.${pair#* }" | cmp - "$OUT/t.tar"
        ${pair% *} -t "$OUT/t.tar.${pair#* }"
    done
    zstd -q --train "$INPUT"/tree/*.p[lm] -o dictionary 2>/dev/null || true
    tar -t -v -f "$OUT/t.tar" | sha256sum
    tar -x -J -f "$OUT/t.tar.xz"
    diff -r tree "$INPUT/tree"
    xz -l "$OUT/t.tar.xz" | tail -n 1 | sed 's/ [^ ]*$//'
}
