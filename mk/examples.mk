# The programs of examples/: each file is a program of its own, linked with the shared library. The
# tests run all of them.

.PHONY: examples run-examples

## make examples             the programs of examples/, into build/*/examples
examples: $(EXAMPLES)

## make run-examples         runs them one after another
run-examples: $(EXAMPLES)
	@set -e; for example in $(EXAMPLES); do echo "== $${example##*/}"; $$example; done

$(EXAMPLES): %: %.o $(B)/libknoll.so $(B)/link.stamp
	$(SAY) "  LD   $@"
	@$(PROGRAM_LINKER) $(VARIANT_FLAGS) -pthread $(LDFLAGS) -o $@ $< -L$(B) -lknoll \
		-Wl,-rpath,'$(abspath $(B))'

$(B)/examples/%.o: examples/%.c $(B)/flags.stamp
	$(SAY) "  CC   $@"
	@mkdir -p $(@D)
	@$(CC) $(PROGRAM_CFLAGS) $(CFLAGS) $(DEPFLAGS) -c -o $@ $<
$(B)/examples/%.o: examples/%.cpp $(B)/flags.stamp
	$(SAY) "  CXX  $@"
	@mkdir -p $(@D)
	@$(CXX) -std=c++17 $(COMMON) $(WARNINGS) $(CXXFLAGS) $(DEPFLAGS) -c -o $@ $<
