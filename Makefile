# knoll: build, test and install.
#
#   make                      libknoll.so libknoll.a knoll test_allocator, at the root
#   make VARIANT=debug CC=clang
#   make help                 all targets
#
# Sources are found by directory: a new file needs no change here. Objects of each pair of
# compiler and variant live in build/<compiler>-<variant>/, so switching keeps what is built.

MAKEFLAGS += -r
.SUFFIXES:
.DELETE_ON_ERROR:

ifeq ($(origin CC),default)
CC := gcc
endif
VARIANT ?= release
VARIANTS := release debug asan ubsan tsan
ifeq ($(filter $(VARIANT),$(VARIANTS)),)
$(error VARIANT=$(VARIANT) is unknown; choose one of: $(VARIANTS))
endif
ifneq ($(findstring clang,$(notdir $(CC))),)
CXX_FOR_CC := $(subst clang,clang++,$(CC))
else
CXX_FOR_CC := $(subst gcc,g++,$(CC))
endif
ifneq ($(filter default undefined,$(origin CXX)),)
CXX := $(CXX_FOR_CC)
endif
AR := ar

B := build/$(notdir $(CC))-$(VARIANT)
SOVERSION := 0

# make -s prints errors only.
SAY := $(if $(findstring s,$(filter-out --%,$(firstword -$(MAKEFLAGS)))),@:,@echo)

# ---- flags ----------------------------------------------------------------------------------

WARNINGS := -Wall -Wextra -Wundef -Wconversion -Wshadow -Werror
WARNINGS_C := $(WARNINGS) -Wstrict-prototypes -Wmissing-prototypes

VARIANT_FLAGS_release := -O2 -g -DKN_DEBUG=0 -DKN_FAULTS=0
VARIANT_FLAGS_debug := -O1 -g -fno-omit-frame-pointer -DKN_DEBUG=1 -DKN_FAULTS=1
SANITIZED := -O1 -g -fno-omit-frame-pointer -DKN_DEBUG=0 -DKN_FAULTS=1
VARIANT_FLAGS_asan := $(SANITIZED) -fsanitize=address
VARIANT_FLAGS_ubsan := $(SANITIZED) -fsanitize=undefined -fno-sanitize-recover=all
VARIANT_FLAGS_tsan := $(SANITIZED) -fsanitize=thread
VARIANT_FLAGS := $(VARIANT_FLAGS_$(VARIANT))
IS_SANITIZED := $(filter asan ubsan tsan,$(VARIANT))

INCLUDES := -Iinclude -Isrc
COMMON := $(VARIANT_FLAGS) $(INCLUDES) -pthread
LIBRARY_CFLAGS := -std=gnu11 $(COMMON) $(WARNINGS_C) -fPIC -fvisibility=hidden \
	-ftls-model=initial-exec -fno-plt -fno-semantic-interposition -fno-math-errno
# The compiler may otherwise turn malloc + memset into calloc, which here is a call to itself.
NO_BUILTINS := $(addprefix -fno-builtin-,malloc calloc realloc free aligned_alloc memalign \
	posix_memalign reallocarray strdup strndup)
PROGRAM_CFLAGS := -std=gnu11 $(COMMON) $(WARNINGS_C)
TEST_CFLAGS := -std=gnu11 $(COMMON) $(WARNINGS_C) -Wno-sign-conversion -Itests/support \
	-DKN_TEST_BUILD_DIR='"$(abspath $(B))"' -DKN_TEST_SOURCE_DIR='"$(CURDIR)"'
TEST_CXXFLAGS := -std=c++17 $(COMMON) $(WARNINGS) -Wno-sign-conversion -Itests/support \
	-DKN_TEST_BUILD_DIR='"$(abspath $(B))"' -DKN_TEST_SOURCE_DIR='"$(CURDIR)"'
DEPFLAGS = -MMD -MP

comma := ,
space := $(subst ,, )
VERSION_SCRIPT := $(wildcard src/knoll.map)
SHARED_LDFLAGS := -shared -Wl,-soname,libknoll.so.$(SOVERSION) -Wl,-z,nodelete -Wl,-z,now \
	-Wl,-z,relro -Wl,-z,noseparate-code -Wl,--as-needed $(if $(IS_SANITIZED),,-Wl,-z,defs) \
	$(if $(VERSION_SCRIPT),-Wl$(comma)--version-script=$(VERSION_SCRIPT))

CHECK_LIBS := $(shell pkg-config --libs check 2>/dev/null)

# ---- sources --------------------------------------------------------------------------------

LAYERS := base ds os core special debug profile api
LAYER_SOURCES := $(sort $(foreach layer,$(LAYERS),$(wildcard src/$(layer)/*.c)))
OVERRIDE_SOURCES := $(sort $(wildcard src/override/*.c))
CLI_SOURCES := $(sort $(wildcard cli/*.c))
# Directories whose files are linked together into test_allocator.
TEST_SUITES := support unit model death race oom
TEST_SOURCES := $(sort $(foreach dir,$(TEST_SUITES),$(wildcard tests/$(dir)/*.c)))
TEST_CXX_SOURCES := $(sort $(foreach dir,$(TEST_SUITES),$(wildcard tests/$(dir)/*.cpp)))
# Directories in which each file is a program of its own, linked with libc alone and run by a
# test under the shared library.
TEST_PROGRAM_SOURCES := $(sort $(foreach dir,preload conformance, \
	$(wildcard tests/$(dir)/*.c tests/$(dir)/*.cpp)))
EXAMPLE_SOURCES := $(sort $(wildcard examples/*.c examples/*.cpp))

LAYER_OBJECTS := $(LAYER_SOURCES:%.c=$(B)/%.o)
OVERRIDE_OBJECTS := $(OVERRIDE_SOURCES:%.c=$(B)/%.o)
# A sanitizer brings its own malloc: its variants leave the replacement of malloc out.
LIBRARY_OBJECTS := $(LAYER_OBJECTS) $(if $(IS_SANITIZED),,$(OVERRIDE_OBJECTS))
# What only the shared library can do, only the archive needs, and what is a member of its own there.
SHARED_ONLY := $(B)/src/override/loader.o
ARCHIVE_ONLY := $(B)/src/override/cxx_require.o
ARCHIVE_CXX := $(filter $(addprefix $(B)/src/override/,operators.o cxx_runtime.o cxx_require.o), \
	$(LIBRARY_OBJECTS))
CLI_OBJECTS := $(CLI_SOURCES:%.c=$(B)/%.o)
TEST_OBJECTS := $(TEST_SOURCES:%.c=$(B)/%.o) $(TEST_CXX_SOURCES:%.cpp=$(B)/%.o)
TEST_PROGRAMS := $(addprefix $(B)/,$(basename $(TEST_PROGRAM_SOURCES)))
EXAMPLES := $(addprefix $(B)/,$(basename $(EXAMPLE_SOURCES)))

PRODUCTS := libknoll.so libknoll.a $(if $(CLI_SOURCES),knoll)
HAVE_CHECK := $(strip $(CHECK_LIBS))

# ---- root products --------------------------------------------------------------------------

.PHONY: all products lib clean distclean help FORCE
.DEFAULT_GOAL := all

## make                      libknoll.so libknoll.a knoll test_allocator
all: $(PRODUCTS) $(if $(HAVE_CHECK),test_allocator,note-no-check)

products: $(PRODUCTS)

## make lib                  the libraries alone
lib: libknoll.so libknoll.a

.PHONY: note-no-check
note-no-check:
	@echo "note: test_allocator is left out, for the Check library is missing;" \
	      "./scripts/install-deps.sh installs it"

# The root holds the products of one variant; build/current names it, so that a switch replaces
# them. install(1) unlinks first: a running program keeps the library it has mapped.
build/current: FORCE
	@mkdir -p build
	@echo '$(B)' | cmp -s - $@ || echo '$(B)' > $@

libknoll.so: $(B)/libknoll.so build/current
	@install -m 755 $< $@
	@ln -sf $@ $@.$(SOVERSION)
libknoll.a: $(B)/libknoll.a build/current
	@install -m 644 $< $@
knoll: $(B)/knoll build/current
	@install -m 755 $< $@
test_allocator: $(B)/test_allocator build/current
	@install -m 755 $< $@

# ---- linking --------------------------------------------------------------------------------

$(B)/libknoll.so: $(filter-out $(ARCHIVE_ONLY),$(LIBRARY_OBJECTS)) $(VERSION_SCRIPT) $(B)/link.stamp
	$(SAY) "  LD   $@"
	@$(CC) $(VARIANT_FLAGS) $(SHARED_LDFLAGS) $(LDFLAGS) -o $@ \
		$(filter-out $(ARCHIVE_ONLY),$(LIBRARY_OBJECTS))
	@ln -sf libknoll.so $@.$(SOVERSION)

# Two objects, so that a program gets the whole family of malloc or nothing of it, and the C++
# operators, which need a C++ runtime, only if it refers to one.
ARCHIVE_C := $(filter-out $(SHARED_ONLY) $(ARCHIVE_CXX),$(LIBRARY_OBJECTS))
$(B)/libknoll.a: $(ARCHIVE_C) $(ARCHIVE_CXX) $(B)/link.stamp
	$(SAY) "  AR   $@"
	@$(CC) -r -nostdlib -o $(B)/libknoll.o $(ARCHIVE_C)
	@$(if $(ARCHIVE_CXX),$(CC) -r -nostdlib -o $(B)/libknoll_operators.o $(ARCHIVE_CXX))
	@rm -f $@ && $(AR) rcs $@ $(B)/libknoll.o $(if $(ARCHIVE_CXX),$(B)/libknoll_operators.o)

# The knoll_ functions without the replacement of malloc. Its own names are local, so that several
# copies can live in one process, each in a library of its own.
$(B)/libknoll_api.a: $(LAYER_OBJECTS) $(B)/link.stamp
	$(SAY) "  AR   $@"
	@$(CC) -r -nostdlib -o $(B)/libknoll_api.o $(LAYER_OBJECTS)
	@objcopy --localize-hidden $(B)/libknoll_api.o
	@rm -f $@ && $(AR) rcs $@ $(B)/libknoll_api.o

# The layers without the replacement of malloc, for programs that only use parts of them.
$(B)/libknoll_layers.a: $(LAYER_OBJECTS) $(B)/link.stamp
	@rm -f $@ && $(AR) rcs $@ $(LAYER_OBJECTS)

$(B)/knoll: $(CLI_OBJECTS) $(B)/libknoll_layers.a $(B)/link.stamp
	$(SAY) "  LD   $@"
	@$(CC) $(VARIANT_FLAGS) -pthread $(LDFLAGS) -o $@ $(CLI_OBJECTS) $(B)/libknoll_layers.a

TEST_LINKER := $(if $(TEST_CXX_SOURCES),$(CXX),$(CC))
$(B)/test_allocator: $(TEST_OBJECTS) $(LAYER_OBJECTS) $(B)/link.stamp \
		| $(TEST_PROGRAMS) $(B)/libknoll.so $(B)/libknoll.a $(B)/libknoll_api.a \
		$(if $(CLI_SOURCES),$(B)/knoll) $(EXAMPLES)
	$(SAY) "  LD   $@"
	@$(TEST_LINKER) $(VARIANT_FLAGS) -pthread $(LDFLAGS) -o $@ $(TEST_OBJECTS) \
		$(LAYER_OBJECTS) $(CHECK_LIBS)

ifeq ($(HAVE_CHECK),)
$(TEST_OBJECTS): | require-check
endif
.PHONY: require-check
require-check:
	@echo "test_allocator needs the Check library: run ./scripts/install-deps.sh" >&2; exit 1

# A program links the C++ library only if it is written in C++.
PROGRAM_LINKER = $(if $(wildcard $(@:$(B)/%=%.cpp)),$(CXX),$(CC))

$(TEST_PROGRAMS): %: %.o $(B)/link.stamp
	$(SAY) "  LD   $@"
	@$(PROGRAM_LINKER) $(VARIANT_FLAGS) -pthread $(LDFLAGS) -o $@ $<

# ---- compiling ------------------------------------------------------------------------------

$(B)/src/core/%.o $(B)/src/api/%.o $(B)/src/override/%.o: LAYER_FLAGS := $(NO_BUILTINS)
$(B)/src/%.o: src/%.c $(B)/flags.stamp
	$(SAY) "  CC   $@"
	@mkdir -p $(@D)
	@$(CC) $(LIBRARY_CFLAGS) $(LAYER_FLAGS) $(CFLAGS) $(DEPFLAGS) -c -o $@ $<
$(B)/cli/%.o: cli/%.c $(B)/flags.stamp
	$(SAY) "  CC   $@"
	@mkdir -p $(@D)
	@$(CC) $(PROGRAM_CFLAGS) -I. $(CFLAGS) $(DEPFLAGS) -c -o $@ $<
$(B)/tests/%.o: tests/%.c $(B)/flags.stamp
	$(SAY) "  CC   $@"
	@mkdir -p $(@D)
	@$(CC) $(TEST_CFLAGS) $(CFLAGS) $(DEPFLAGS) -c -o $@ $<
$(B)/tests/%.o: tests/%.cpp $(B)/flags.stamp
	$(SAY) "  CXX  $@"
	@mkdir -p $(@D)
	@$(CXX) $(TEST_CXXFLAGS) $(CXXFLAGS) $(DEPFLAGS) -c -o $@ $<
# A stamp changes only when what it holds changes: other flags recompile, other lists of files
# (one was removed, say) relink.
define FLAGS_TEXT
$(CC) $(CXX) $(LIBRARY_CFLAGS) $(NO_BUILTINS) $(TEST_CFLAGS) $(TEST_CXXFLAGS) $(CFLAGS) $(CXXFLAGS)
endef
define LINK_TEXT
$(SHARED_LDFLAGS) $(LDFLAGS) $(LIBRARY_OBJECTS) $(CLI_OBJECTS) $(TEST_OBJECTS)
endef
write_stamp = mkdir -p $(B); printf '%s\n' '$(subst ','\'',$(1))' > $@.new; \
	cmp -s $@.new $@ && rm $@.new || mv $@.new $@
$(B)/flags.stamp: FORCE
	@$(call write_stamp,$(FLAGS_TEXT))
$(B)/link.stamp: FORCE
	@$(call write_stamp,$(LINK_TEXT))

-include $(patsubst %.o,%.d,$(LIBRARY_OBJECTS) $(OVERRIDE_OBJECTS) $(CLI_OBJECTS) $(TEST_OBJECTS))
-include $(addsuffix .d,$(TEST_PROGRAMS) $(EXAMPLES))

# ---- the rest -------------------------------------------------------------------------------

include $(sort $(wildcard mk/*.mk))

# A line that starts with two number signs is a line of help; fragments in mk/ add their own.
help:
	@sed -n 's/^## \?//p' $(MAKEFILE_LIST)
	@echo
	@echo "VARIANT=$(subst $(space),|,$(VARIANTS)) CC=gcc|clang CFLAGS=... LDFLAGS=..."

## make clean | distclean    remove this variant | everything built
clean:
	rm -rf $(B)
distclean:
	rm -rf build libknoll.so libknoll.so.$(SOVERSION) libknoll.a knoll test_allocator
