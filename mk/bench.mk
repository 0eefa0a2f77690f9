# The benchmark programs and the targets that run them. They are always optimised and never linked
# with the library: it comes in by LD_PRELOAD like its peers.

BENCH_DIR := build/bench
BENCH_CFLAGS := -std=gnu11 -O2 -g -I. -pthread $(WARNINGS_C) $(NO_BUILTINS)
BENCH_COMMON := $(sort $(wildcard bench/support/*.c bench/workloads/*.c))
BENCH_HEADERS := $(wildcard bench/support/*.h bench/workloads/*.def)
BENCH_PLAIN := $(BENCH_COMMON:%.c=$(BENCH_DIR)/plain/%.o)
BENCH_PROBE := $(BENCH_COMMON:%.c=$(BENCH_DIR)/probe/%.o)
BENCH_PROGRAMS := $(addprefix $(BENCH_DIR)/,bench_allocator bench_probe launcher hotpaths)
BENCH_BROKEN := $(BENCH_DIR)/libbroken.so
BENCH_ARGS ?=

.PHONY: bench bench-build bench-check bench-callgrind

$(BENCH_DIR)/plain/%.o: %.c $(BENCH_HEADERS) mk/bench.mk
	$(SAY) "  CC   $@"
	@mkdir -p $(@D)
	@$(CC) $(BENCH_CFLAGS) -DKB_PROBE=0 -c -o $@ $<

$(BENCH_DIR)/probe/%.o: %.c $(BENCH_HEADERS) mk/bench.mk
	$(SAY) "  CC   $@"
	@mkdir -p $(@D)
	@$(CC) $(BENCH_CFLAGS) -DKB_PROBE=1 -c -o $@ $<

$(BENCH_DIR)/bench_allocator: $(BENCH_PLAIN)
	$(SAY) "  LD   $@"
	@$(CC) -pthread -Wl,-z,now -o $@ $(BENCH_PLAIN) -ldl

$(BENCH_DIR)/bench_probe: $(BENCH_PROBE)
	$(SAY) "  LD   $@"
	@$(CC) -pthread -Wl,-z,now -o $@ $(BENCH_PROBE) -ldl

# Static, so that the process that measures, whose peak a child inherits, is as small as can be.
$(BENCH_DIR)/launcher: bench/launcher.c bench/support/probe.h mk/bench.mk
	$(SAY) "  LD   $@"
	@mkdir -p $(@D)
	@$(CC) $(BENCH_CFLAGS) -static -o $@ $<

# Calls go through the address table alone, so that a call costs no instruction of a stub.
$(BENCH_DIR)/hotpaths: bench/hotpaths.c mk/bench.mk
	$(SAY) "  LD   $@"
	@mkdir -p $(@D)
	@$(CC) $(BENCH_CFLAGS) -fno-plt -Wl,-z,now -o $@ $< -ldl

$(BENCH_BROKEN): bench/selftest/broken.c mk/bench.mk
	$(SAY) "  LD   $@"
	@mkdir -p $(@D)
	@$(CC) $(BENCH_CFLAGS) -fPIC -shared -o $@ $< -ldl

## make bench-build          the benchmark programs
bench-build: $(BENCH_PROGRAMS) $(BENCH_BROKEN)

## make bench                the benchmarks; BENCH_ARGS='...' are arguments of bench/run
bench: lib bench-build
	@./bench/run $(BENCH_ARGS)

## make bench-callgrind      instructions per call of the hot paths, under valgrind
bench-callgrind: lib bench-build
	@./bench/callgrind $(BENCH_ARGS)

## make bench-check          the benchmark suite works: tiny sizes, no measurement
bench-check: lib bench-build
	@./bench/selftest/run_selftest
