# Program: python-processes
# About: Python's own tests of multiprocessing by fork and of process pools
# Packages: libpython3.11-testsuite, python3.11
# Tags: slow, long
# Timeout: 900

workload() {
    status=0
    python3.11 -m test -u none --junit-xml "$PWD/junit.xml" \
        test_multiprocessing_fork test_concurrent_futures >log 2>&1 || status=$?
    python3.11 "$PROGRAMS/python-tests/results.py" junit.xml >"$OUT/results"
    sed -n '/^== Tests result/,$p' log | grep -v '^Total duration'
    grep -v -E ' (completed|skipped)$' "$OUT/results" || true
    return $status
}
