# Program: lua
# About: tables, strings, coroutines, weak tables, collector in both modes
# Packages: lua5.4
# Tags: slow
# Timeout: 60

workload() {
    lua5.4 "$DATA/work.lua" incremental
    lua5.4 "$DATA/work.lua" generational
    echo 'print(("x"):rep(5), #_VERSION)' | luac5.4 -o - - | lua5.4 -
}
