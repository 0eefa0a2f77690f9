# The benchmark of pools. boost::pool is left out where it is not installed.

BENCH_POOL_ARGS ?=

.PHONY: bench-pool bench-pool-build

# Without the replacement of malloc, which the peers would use too.
$(BENCH_DIR)/pool: bench/special/pool.cpp bench/special/common.hpp $(wildcard include/knoll/*.h include/knoll/*.hpp) \
		$(B)/libknoll_api.a mk/bench_pool.mk
	$(SAY) "  LD   $@"
	@mkdir -p $(@D)
	@$(CXX) -std=c++17 -O2 -g -I. -Iinclude $(WARNINGS) -pthread -o $@ $< $(B)/libknoll_api.a

## make bench-pool-build     the benchmark of pools against boost, pmr and malloc
bench-pool-build: $(BENCH_DIR)/pool

## make bench-pool           runs it; BENCH_POOL_ARGS='--rounds N --subject NAME --workload NAME'
bench-pool: $(BENCH_DIR)/pool
	@$(BENCH_DIR)/pool $(BENCH_POOL_ARGS)
