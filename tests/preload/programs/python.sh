# Program: python
# About: threads, subprocess, fork, multiprocessing, ctypes, json, gc, zlib, sqlite3, decimal
# Packages: python3
# Tags: fast
# Timeout: 120

export PYTHONHASHSEED=0 PYTHONDONTWRITEBYTECODE=1

workload() {
    for script in objects threads processes modules; do
        /usr/bin/python3 -X faulthandler "$DATA/$script.py"
    done
    # Every object through malloc instead of the interpreter's own pools.
    PYTHONMALLOC=malloc /usr/bin/python3 -X faulthandler "$DATA/objects.py"
}
