# Program: text
# About: awk, sort, sed, grep, join, uniq, tr, cut, split, comm, diff over 300,000 lines
# Packages: mawk, coreutils, sed, grep, diffutils, findutils, perl
# Tags: fast
# Timeout: 120

prepare() {
    perl -e '
        my $x = 7;
        for my $i (1 .. 150_000) {
            $x = ($x * 1103515245 + 12345) & 0x7fffffff;
            printf "%d\t%s\t%x\n", ($x >> 8) % 40_000, "w" . (($x >> 12) % 900) x (1 + $x % 5), $x;
        }' >lines
}

workload() {
    mawk -f "$DATA/words.awk" "$INPUT/lines"
    sort -n "$INPUT/lines" | sha256sum
    sort --parallel=4 -S 2M -k2,2 -k1,1nr "$INPUT/lines" >sorted
    sort -R --random-source="$INPUT/lines" "$INPUT/lines" | sha256sum
    sha256sum sorted
    cut -f 2 sorted | uniq -c | sort -k1,1nr -k2 | head -n 20
    sed -E 's/^([0-9]+)\t(w[0-9]+)/\2 <\1>/; /w1[0-9]+/d; s/([a-f])([0-9])/\2\1/g' sorted | sha256sum
    grep -c -E '^(1|2)[0-9]{3}.(w[0-9]+)\b.*[abc]{2}' "$INPUT/lines"
    grep -o -P 'w(\d)\1+' "$INPUT/lines" | sort | uniq -c | head
    grep -F -f "$DATA/words.txt" "$INPUT/lines" | wc
    tr 'a-z0-9' 'A-Z9-0' <sorted 2>&1 | head -n 2
    cut -f 1 "$INPUT/lines" | sort -u >first
    cut -f 3 "$INPUT/lines" | sort -u >third
    join first third | wc
    comm -3 first third | sha256sum
    split -n l/7 sorted "$OUT/part."
    head -n 3000 sorted >a
    sed 's/9/8/' a >b
    diff -u a b | tail -n +3 | sha256sum
    find /usr/share/doc -maxdepth 1 -name 'lib*' | sort | xargs -n 50 echo | sha256sum
    printf '%s\n' $(seq 1 20000) | tac | shuf --random-source="$INPUT/lines" | paste -s -d+ | sha256sum
    od -A x -t x1z sorted | head -n 20000 | sha256sum
    base64 sorted | base64 -d | cmp - sorted
    fmt -w 60 sorted | nl | expand | fold -w 40 | sha256sum
}
