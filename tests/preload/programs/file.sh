# Program: file
# About: file on some hundred files, with compressed ones, magic compiled anew
# Packages: file
# Tags: fast
# Timeout: 60

workload() {
    find /usr/bin /usr/lib/x86_64-linux-gnu -maxdepth 1 \( -type f -o -type l \) | sort |
        head -n 500 >names
    file -f names | sha256sum
    file -b -i -L -f names | sort | uniq -c | sort -k1,1nr -k2
    find /usr/share/man/man1 /usr/share/doc -name '*.gz' | sort | head -n 40 >packed
    file -z -f packed | sha256sum
    printf '0\tstring\tknoll\tA file of a test\n>6\tbyte\tx\t\\b, with %%d\n' >magic
    printf 'knoll \007' >sample
    file -m magic sample
    file -C -m magic
    file -m magic.mgc sample
    cat sample | file -
    file /nonexistent
}
