# Program: commands
# About: 70 small commands, output and status of each compared on its own
# Packages: coreutils, util-linux, findutils, diffutils, perl, procps, bash, dash
# Tags: fast
# Timeout: 60

prepare() {
    perl -e 'print "line $_ ", $_ * 7919 % 1009, "\n" for 1 .. 3000' >lines
    head -n 2900 lines | sed 's/7/8/' >changed
    mkdir -p tree/a/b tree/c
    for name in tree/one tree/a/two tree/a/b/three tree/c/four; do
        echo "$name" >$name
    done
    touch -d @1000000000 lines changed tree/one tree/a/two tree/a/b/three tree/c/four
}

# Each line of commands.txt is a command; what it prints and how it ends goes to a file of its own.
workload() {
    cp -a "$INPUT/." .
    number=100
    while read -r line; do
        number=$((number + 1))
        name="$number-${line%% *}"
        status=0
        sh -c "$line" >"$OUT/$name.stdout" 2>"$OUT/$name.stderr" || status=$?
        echo "$name $status"
    done <"$DATA/commands.txt"
}
