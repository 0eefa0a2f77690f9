#!/bin/bash
# Installs what building needs, builds, and runs a real program under knoll, which then shows what the
# program did with memory.
set -euo pipefail
cd "$(dirname "$0")/.."
./scripts/install-deps.sh build
make -s -j "$(nproc)" products

# Python hands small objects out of memory of its own unless it is told to ask malloc for each.
export PYTHONMALLOC=malloc
exec ./knoll run --stats -- python3 -c '
words = {}
for number in range(300000):
    words.setdefault(str(number)[:3], []).append("word %d" % number)
print(sum(len(group) for group in words.values()), "strings in", len(words), "groups")
'
