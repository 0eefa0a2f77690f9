# Program: ruby
# About: threads, GC.compact, fork, strings, hashes, marshalling, ractors
# Packages: ruby
# Tags: slow
# Timeout: 120

workload() {
    ruby "$DATA/work.rb"
}
