# Program: googletest
# About: g++ compiling the sources of GoogleTest and Eigen programs; objects compared
# Packages: g++, googletest, libeigen3-dev, binutils, make
# Tags: slow, long
# Timeout: 600

workload() {
    cp -r /usr/src/googletest/. "$DATA/." .
    make -s -j2
    ./program --gtest_brief=1 | sed 's/([0-9]* ms total)//'
    for object in googletest/src/gtest-all.o googlemock/src/gmock-all.o eigen.o sample.o program; do
        cp "$object" "$OUT"
    done
    clang++ --version >/dev/null 2>&1 || return 0
    clang++ -std=c++17 -O2 -g -isystem /usr/include/eigen3 -c -o "$OUT/eigen.clang.o" eigen.cc
}
