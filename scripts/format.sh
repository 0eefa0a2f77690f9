#!/bin/bash
# Formats C and C++ files by .clang-format, or with --check names those that are not formatted.
# Versions of clang-format differ in their output, so only the one named here has a say.
set -euo pipefail
version=14

check=no
if [ "${1:-}" = --check ]; then
    check=yes
    shift
fi
tool=$(command -v "clang-format-$version" || command -v clang-format || true)
if [ -z "$tool" ] || ! "$tool" --version | grep -q "version $version\."; then
    if [ $check = yes ]; then
        echo "note: formatting is not checked: there is no clang-format $version" >&2
        exit 0
    fi
    echo "format.sh: needs clang-format $version" >&2
    exit 1
fi
[ $# -gt 0 ] || exit 0
if [ $check = no ]; then
    exec "$tool" -i "$@"
fi
status=0
for file in "$@"; do
    if ! line=$("$tool" "$file" | cmp "$file" - 2>&1); then
        echo "$file:${line##* line }: not formatted; run: make format FILES=$file"
        status=1
    fi
done
exit $status
