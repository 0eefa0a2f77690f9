# Program: g++
# About: C++ with much of the standard library, templates, exceptions; objects compared
# Packages: g++, binutils
# Tags: fast
# Timeout: 180

workload() {
    cp "$DATA"/*.cc .
    g++ -std=c++17 -O0 -g -c -o "$OUT/containers.o" containers.cc
    g++ -std=c++20 -O1 -c -o "$OUT/templates.o" templates.cc
    g++ -o program "$OUT/containers.o" "$OUT/templates.o" -pthread
    ./program
    cp program "$OUT"
    # Much text: a chain of instantiations that ends in an error.
    ! g++ -std=c++17 -fsyntax-only wrong.cc 2>&1
}
