# Program: node
# About: worker threads, buffers, JSON, zlib, crypto, child processes
# Packages: nodejs
# Tags: slow
# Timeout: 120

workload() {
    for script in data workers processes; do
        node "$DATA/$script.js"
    done
}
