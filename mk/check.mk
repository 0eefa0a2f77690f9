# Tests and static checks.

JOBS ?= $(shell nproc 2>/dev/null || echo 1)

.PHONY: check check-fast

# Builds and runs the tests that take no time: what to run before each commit.
check-fast: all
	./test_allocator --fast -j $(JOBS)

check: all
	./test_allocator -j $(JOBS)
