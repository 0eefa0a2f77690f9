#!/bin/bash
# Installs what building needs, builds, and runs a real program under knoll.
set -euo pipefail
cd "$(dirname "$0")/.."
./scripts/install-deps.sh build
make -s -j "$(nproc)" products

program=(python3 -c '
words = {}
for number in range(300000):
    words.setdefault(str(number)[:3], []).append("word %d" % number)
print(sum(len(group) for group in words.values()), "strings in", len(words), "groups")
')
if [ -x ./knoll ]; then
    ./knoll run --stats -- "${program[@]}"
else
    LD_PRELOAD=$PWD/libknoll.so "${program[@]}"
fi
