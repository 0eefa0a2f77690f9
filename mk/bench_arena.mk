# The benchmark of arenas. Peers whose packages are not installed are left out.

BENCH_ARENA_PACKAGES := $(strip $(foreach package,apr-1 talloc, \
	$(if $(shell pkg-config --exists $(package) 2>/dev/null && echo yes),$(package))))
BENCH_ARENA_SOURCES := $(addprefix bench/special/arena_, main.cpp knoll.cpp std.cpp obstack.cpp \
	$(if $(filter apr-1,$(BENCH_ARENA_PACKAGES)),apr.cpp) \
	$(if $(filter talloc,$(BENCH_ARENA_PACKAGES)),talloc.cpp))
BENCH_ARENA_OBJECTS := $(BENCH_ARENA_SOURCES:%.cpp=$(BENCH_DIR)/%.o)
BENCH_ARENA_LIBS := $(if $(BENCH_ARENA_PACKAGES),$(shell pkg-config --libs $(BENCH_ARENA_PACKAGES)))
BENCH_ARENA_CFLAGS := $(if $(BENCH_ARENA_PACKAGES), \
	$(shell pkg-config --cflags $(BENCH_ARENA_PACKAGES)))
BENCH_ARENA_ARGS ?=

.PHONY: bench-arena bench-arena-build

$(BENCH_DIR)/bench/special/arena_%.o: bench/special/arena_%.cpp bench/special/arena.hpp \
		bench/special/common.hpp \
		$(wildcard include/knoll/*.h include/knoll/*.hpp) mk/bench_arena.mk
	$(SAY) "  CXX  $@"
	@mkdir -p $(@D)
	@$(CXX) -std=c++17 -O2 -g -I. -Iinclude $(WARNINGS) $(BENCH_ARENA_CFLAGS) -c -o $@ $<

# Without the replacement of malloc, which the peers would use too.
$(BENCH_DIR)/arena: $(BENCH_ARENA_OBJECTS) $(B)/libknoll_api.a
	$(SAY) "  LD   $@"
	@$(CXX) -pthread -o $@ $(BENCH_ARENA_OBJECTS) $(B)/libknoll_api.a $(BENCH_ARENA_LIBS)

## make bench-arena-build    the benchmark of arenas against pmr, obstack, apr and talloc
bench-arena-build: $(BENCH_DIR)/arena

## make bench-arena          runs it; BENCH_ARENA_ARGS='--rounds N --subject NAME --workload NAME'
bench-arena: $(BENCH_DIR)/arena
	@$(BENCH_DIR)/arena $(BENCH_ARENA_ARGS)
