# Tests and static checks.

JOBS ?= $(shell nproc 2>/dev/null || echo 1)
STATIC_CHECKS := layers conditions sizes headers words links
FORMATTED = $(shell git ls-files --cached --others --exclude-standard \
	'*.c' '*.h' '*.cpp' '*.hpp' 2>/dev/null)

.PHONY: check check-fast check-all-variants check-static check-checks check-symbols check-format \
	format

# What to run before each commit: under a minute.
check-fast: all check-static check-symbols
	./test_allocator --fast -j $(JOBS)

# Everything the project promises, with one compiler: under ten minutes.
check: check-static check-checks check-format
	@$(MAKE) -s VARIANT=release check-symbols
	@./scripts/run_tests.sh -j $(JOBS) $(CC):release $(CC):debug

# The unit and model tests with each compiler and each variant.
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

# make format FILES='src/core/heap.c ...' for some files only.
format:
	@./scripts/format.sh $(or $(FILES),$(FORMATTED))
