# Program: man
# About: man, apropos and mandb, whose helpers run in a seccomp sandbox
# Packages: man-db, groff-base
# Tags: fast
# Timeout: 60

prepare() {
    mkdir -p man/man1 man/man3
    for name in alpha beta gamma; do
        sed "s/@NAME@/$name/g" "$DATA/page.1" >"man/man1/$name.1"
        sed "s/@NAME@/$name/g" "$DATA/page.1" | gzip -9 -n >"man/man3/$name.3.gz"
    done
    echo '.so man1/alpha.1' >man/man1/linked.1
}

workload() {
    cp -r "$INPUT/man" .
    export MANPATH="$PWD/man" MANWIDTH=72
    mandb -c -q man
    for name in alpha beta linked; do
        man -P cat "$name" | sha256sum
        man -P cat 3 alpha | wc -l
        man -w "$name"
    done
    man -Tutf8 ./man/man1/gamma.1 | sha256sum
    apropos -s 1 program | sort
    whatis alpha beta | sort
    ! man -P cat no-such-page
    man -P cat -K -w deeply | sort
}
