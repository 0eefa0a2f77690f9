# Tests and static checks.

JOBS ?= $(shell nproc 2>/dev/null || echo 1)
STATIC_CHECKS := layers conditions sizes headers words links manuals
FORMATTED = $(shell git ls-files --cached --others --exclude-standard \
	'*.c' '*.h' '*.cpp' '*.hpp' ':!tests/preload/programs/*/*' 2>/dev/null)
SCRIPTS = .ci/run $(wildcard scripts/*.sh)
# The cases are programs for gcc: clang leaves out calls whose results they are about, and valgrind
# does not read what clang writes for debuggers.
PROGRAM_TESTS := $(if $(and $(OVERRIDE_SOURCES),$(wildcard tests/preload/run)), \
	$(if $(filter gcc,$(CC)),gcc:cases) $(CC):programs)

.PHONY: check check-fast check-all-variants check-static check-checks check-symbols check-format \
	check-scripts format

## make check-fast           static checks and the fast tests, under a minute: before each commit
check-fast: all check-static check-symbols
	./test_allocator --fast -j $(JOBS)

## make check                static checks, all tests in release and debug, programs under preload
check: check-static check-checks check-format check-scripts
	@$(MAKE) -s VARIANT=release check-symbols
	@./scripts/run_tests.sh -j $(JOBS) $(CC):release $(CC):debug $(PROGRAM_TESTS)

## make check-all-variants   all tests with gcc and clang, each in all variants
check-all-variants:
	@./scripts/run_tests.sh -j $(JOBS) $(foreach cc,gcc clang,$(addprefix $(cc):,$(VARIANTS)))

check-static:
	@status=0; for check in $(STATIC_CHECKS); do \
		./scripts/checks/$$check.py || status=1; done; exit $$status

# The checks themselves find what they are for.
check-checks:
	@./scripts/checks/checks_test.py

# Sanitizers and assertions bring functions of their own, so this holds for the release alone.
check-symbols: $(if $(filter release,$(VARIANT)),$(B)/libknoll.so)
	@$(if $(filter release,$(VARIANT)),./scripts/checks/symbols.py $<)

check-format:
	@./scripts/format.sh --check $(FORMATTED)

check-scripts:
	@if command -v shellcheck >/dev/null; then shellcheck $(SCRIPTS); \
	else echo "note: scripts are not checked: there is no shellcheck" >&2; fi

## make format               format the sources; FILES='...' for some of them
format:
	@./scripts/format.sh $(or $(FILES),$(FORMATTED))
