# Program: perl
# About: large hashes, sorts, regular expressions, threads, fork with threads
# Packages: perl
# Tags: fast
# Timeout: 120

export PERL_HASH_SEED=0 PERL_PERTURB_KEYS=0

workload() {
    perl "$DATA/data.pl"
    perl "$DATA/threads.pl"
    perl "$DATA/fork.pl"
}
