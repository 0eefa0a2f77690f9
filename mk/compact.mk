# The compact heap without a system: an archive of its own, compiled without the headers of a libc.
# Linking it takes the parts that a program names, so it has one index if it uses one. It needs
# memcpy and memset, as compilers may ask of any environment.
#
# Another processor: make bare CC=arm-none-eabi-gcc BARE_FLAGS='-mcpu=cortex-m4 -mthumb'

BARE := build/$(notdir $(CC))-bare
BARE_FLAGS ?=
BARE_SOURCES := $(filter-out src/special/compact_misuse.c,$(wildcard src/special/compact*.c)) \
	src/special/bare/compact_misuse.c
BARE_CFLAGS := -std=gnu11 -Os -ffreestanding -nostdinc -isystem \
	$(shell $(CC) -print-file-name=include) -fno-pic -fno-stack-protector \
	-fno-asynchronous-unwind-tables -DKN_DEBUG=0 -DKN_FAULTS=0 $(INCLUDES) $(WARNINGS_C)
# Machines that the compiler may be able to make code for besides the one that it does by itself.
BARE_WIDTHS := native $(shell $(CC) $(BARE_FLAGS) -m32 -E -x c - </dev/null >/dev/null 2>&1 && \
	echo m32)

.PHONY: bare compact-size

define BARE_RULES
$$(BARE)/$(1)/%.o: src/special/%.c FORCE
	@mkdir -p $$(@D)
	@$$(CC) $$(BARE_CFLAGS) $(if $(filter native,$(1)),,-$(1)) $$(BARE_FLAGS) -c -o $$@ $$<
$$(BARE)/$(1)/libknoll_compact.a: $$(BARE_SOURCES:src/special/%.c=$$(BARE)/$(1)/%.o)
	$$(SAY) "  AR   $$@"
	@rm -f $$@ && $$(AR) rcs $$@ $$^
endef
$(foreach width,$(BARE_WIDTHS),$(eval $(call BARE_RULES,$(width))))

## make bare                 the compact heap without a system, into build/*-bare
bare: $(foreach width,$(BARE_WIDTHS),$(BARE)/$(width)/libknoll_compact.a)

## make compact-size         its size in bytes of code, by index
compact-size: bare
	@./scripts/compact-size.sh $(foreach width,$(BARE_WIDTHS),$(BARE)/$(width))
