# Program: python-tests
# About: 37 files of Python's own test suite in one process; each test's result is compared
# Packages: libpython3.11-testsuite, python3.11
# Tags: slow, long
# Timeout: 900

tests='test_threading test_thread test_threading_local test_subprocess test_fork1 test_ctypes
    test_json test_gc test_weakref test_mmap test_array test_bytes test_dict test_list test_set
    test_zlib test_struct test_os test_posix test_queue test_io test_pickle test_re test_atexit
    test_finalization test_memoryview test_buffer test_lzma test_bz2 test_decimal test_xml_etree_c
    test_unicode test_sys test_generators test_long test_hashlib test_descr'

workload() {
    status=0
    python3.11 -m test -u none --junit-xml "$PWD/junit.xml" $tests >log 2>&1 || status=$?
    python3.11 "$DATA/results.py" junit.xml >"$OUT/results"
    sed -n '/^== Tests result/,$p' log | grep -v '^Total duration'
    grep -v -E ' (completed|skipped)$' "$OUT/results" || true
    return $status
}
