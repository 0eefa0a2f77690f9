# Program: make
# About: make -j4 over 120 generated C files in 6 libraries, rebuilt after a change
# Packages: make, gcc, perl
# Tags: fast
# Timeout: 180
# Normalise: ^make(\[\d+\])?: \*\*\* Waiting.*\n ->  because whether a job is waited for depends on timing

prepare() {
    perl "$DATA/generate.pl" 6 20 .
}

workload() {
    cp -r "$INPUT/." .
    # Parallel jobs end in any order, so their echo is sorted.
    make -j4 --output-sync=line | sort
    ./program
    touch lib2/file3.c
    make -j4 | sort
    make -n clean all | sort | sha256sum
    make -p -q | grep -c '^lib' || true
    cp program lib*/*.a "$OUT"
}
