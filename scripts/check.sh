#!/bin/bash
# Installs what testing needs, then runs all tests. Arguments go to make: check.sh CC=clang
set -euo pipefail
cd "$(dirname "$0")/.."
./scripts/install-deps.sh
exec make --no-print-directory check "$@"
