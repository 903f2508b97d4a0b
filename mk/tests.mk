# The unit tests: a test may use anything of shared/, tests/lib/, vmkernel/ and tools/ (all but the
# mains).
HOSTED_TEST_BIN := $(patsubst %.c,$(BUILD)/%, \
  $(wildcard tests/unit/test_*.c tests/sim/test_*.c tests/fault/test_*.c))
KERNEL_TEST_BIN := $(patsubst %.c,$(BUILD)/%,$(wildcard tests/kernel/test_*.c))
UNIT_BIN := $(HOSTED_TEST_BIN) $(KERNEL_TEST_BIN)
TEST_LIBS = -Wl,--as-needed -lm $(call libs,cairo cmocka libevent libunwind libunwind-generic \
  yaml-0.1 jansson libcrypto libisal libarchive libdw libedit)

$(BUILD)/libtest.a: $(filter-out %/main.o, \
  $(call objects,hosted,$(wildcard tests/lib/*.c)) $(VMK_OBJ) $(TOOL_OBJ)) $(SHARED_OBJ)
	@rm -f $@
	$(Q)ar rcsP $@ $^
$(HOSTED_TEST_BIN): $(BUILD)/%: $(BUILD)/hosted/%.o $(BUILD)/libtest.a
	$(call link,$(TEST_LIBS))

# The tests of the console's kernel: all of it with its programs as hosted code, but for what starts
# it and what talks to the VMkernel (tests/kernel/cos_harness.c stands in for these). Pointers
# between its objects have 32 bits. Bound at the start: the linker at work would leave registers on
# the stacks of tasks.
KERNEL_TEST_LIBS = $(TEST_LIBS) -no-pie \
  -Wl,-Ttext-segment=0x60000000,--wrap=do_timers,-z,now
COS_HARNESS_OBJ := $(call objects,coshosted,tests/kernel/cos_harness.c \
  $(filter-out %/setup.c %/hypervisor.c $(COS_SHARED),$(COS_SRC)) $(COS_ASM))
$(KERNEL_TEST_BIN): $(BUILD)/%: $(BUILD)/coshosted/%.o $(COS_HARNESS_OBJ) $(BUILD)/libtest.a
	$(call link,$(KERNEL_TEST_LIBS))
