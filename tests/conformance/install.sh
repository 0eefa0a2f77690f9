#!/bin/bash
# Installs into a temporary directory and builds programs against what is there, by hand, with
# pkg-config and with CMake.
#
#   install.sh BUILD_DIRECTORY
set -euo pipefail
build=$1
cd "$(dirname "$0")/../.."
compiler=$(basename "$build")
here=$PWD/tests/conformance/consumer
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
unset MAKEFLAGS MFLAGS LD_PRELOAD

make_install() {
    make -s CC="${compiler%%-*}" VARIANT="${compiler##*-}" PREFIX=/opt/knoll \
        DESTDIR="$dir" "$@"
}

# The program prints its line; its malloc comes from the library or from inside itself.
expect() { # PROGRAM shared|static
    local needed
    [ "$(LD_LIBRARY_PATH=$lib "$1")" = "consumer of knoll" ] || { echo "$1 fails"; exit 1; }
    needed=$(readelf -d "$1" | grep -c 'NEEDED.*libknoll.so.0' || true)
    [ "$needed" = "$([ "$2" = shared ] && echo 1 || echo 0)" ] || { echo "$1 is not $2"; exit 1; }
}

make_install install
root=$dir/opt/knoll
lib=$root/lib
[ "$(readlink "$lib/libknoll.so.0")" = libknoll.so.0.1.0 ]
[ "$(readlink "$lib/libknoll.so")" = libknoll.so.0 ]
readelf -d "$lib/libknoll.so" | grep -q 'SONAME.*libknoll.so.0'
for header in include/knoll/*; do
    cmp -s "$header" "$root/include/knoll/$(basename "$header")"
done

export PKG_CONFIG_PATH=$lib/pkgconfig PKG_CONFIG_SYSROOT_DIR=$dir
[ "$(pkg-config --modversion knoll)" = 0.1.0 ]
for language in c cpp; do
    compile=$([ $language = c ] && echo gcc || echo "g++ -std=c++17")
    # shellcheck disable=SC2046,SC2086
    {
        $compile "$here/consumer.$language" -o "$dir/shared" -Wl,--as-needed \
            $(pkg-config --cflags --libs knoll)
        $compile "$here/consumer.$language" -o "$dir/static" \
            $(pkg-config --cflags --libs knoll-static)
        $compile -static "$here/consumer.$language" -o "$dir/all_static" \
            $(pkg-config --static --cflags --libs knoll)
    }
    expect "$dir/shared" shared
    expect "$dir/static" static
    expect "$dir/all_static" static
done

if command -v cmake >/dev/null; then
    if ! { cmake -S "$here" -B "$dir/cmake" -DCMAKE_PREFIX_PATH="$root" &&
        cmake --build "$dir/cmake"; } >"$dir/log" 2>&1; then
        cat "$dir/log"
        exit 1
    fi
    for kind in shared static; do
        expect "$dir/cmake/${kind}_c" $kind
        expect "$dir/cmake/${kind}_cpp" $kind
    done
fi

make_install uninstall
left=$(find "$dir/opt" ! -type d)
[ -z "$left" ] || { echo "uninstall leaves $left"; exit 1; }
echo passed
