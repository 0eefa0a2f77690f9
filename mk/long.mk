# The tests whose length can be chosen, at a length that takes hours.

OPS ?= 100000000
LONG_TESTS ?= heap_model/agrees_in overload/

.PHONY: check-long

## make check-long           model and overload tests for hours; OPS=N operations, LONG_TESTS=filters
check-long: all
	KNOLL_TEST_OPS=$(OPS) KNOLL_TEST_LONG=1 CK_TIMEOUT_MULTIPLIER=10000 \
		./test_allocator --verbose -j $(JOBS) $(LONG_TESTS)
