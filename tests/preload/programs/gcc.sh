# Program: gcc
# About: C sources of this repository and generated ones: -O2 -g, -O3, LTO; objects compared
# Packages: gcc, binutils, perl
# Tags: fast
# Timeout: 180

prepare() {
    mkdir tree generated
    # The sources of this repository, as they are now.
    (cd "$REPOSITORY" && find src include -name '*.[chd]*' -print0 | tar -c --null -T -) |
        tar -x -C tree
    perl "$DATA/generate.pl" 5 30 generated
}

workload() {
    cp -r "$INPUT/tree" "$INPUT/generated" .
    cd tree
    # One file of each layer is enough for a comparison.
    for layer in src/*/; do
        for source in $(find "$layer" -name '*.c' | sort | head -n 1); do
            name=$(echo "${source%.c}" | tr / _)
            gcc -std=gnu11 -O2 -g -Iinclude -Isrc -c -o "$OUT/$name.o" "$source"
        done
    done
    cd ../generated
    for source in part*.c; do
        gcc -O2 -g -Wall -c -o "$OUT/${source%.c}.o" "$source"
    done
    gcc -O3 -march=x86-64 -S -o "$OUT/part0.s" part0.c
    gcc -E -dD -o "$OUT/part0.i" part0.c
    gcc -O2 -flto=2 -frandom-seed=1 -fno-ident -o program main.c part*.c
    ./program
    gcc -o linked main.c "$OUT"/part*.o
    ./linked
    cp linked "$OUT/linked"
    ar rcD "$OUT/archive.a" "$OUT"/part*.o
    nm -C "$OUT/archive.a" | sha256sum
    objdump -dS "$OUT/part0.o" | sha256sum
    # A program full of errors: diagnostics are text that the compiler builds piece by piece.
    ! gcc -fsyntax-only -Wall -Wextra -fanalyzer "$DATA/wrong.c" 2>&1
}
