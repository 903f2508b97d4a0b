# The unit tests. A test may use anything of shared/, tests/lib/, vmkernel/ and tools/ (all but the
# mains). A comment "links: FILE.c... -lLIB..." in its first 30 lines adds what else it needs
# (-no-pie and -Wl, too); .c files of cos/ are then compiled as hosted code with COS_HOSTED, as is a
# test that names one.
UNIT_SRC := $(wildcard tests/unit/test_*.c tests/sim/test_*.c tests/fault/test_*.c)
KERNEL_TEST_BIN := $(patsubst %.c,$(BUILD)/%,$(wildcard tests/kernel/test_*.c))
UNIT_BIN := $(patsubst %.c,$(BUILD)/%,$(UNIT_SRC)) $(KERNEL_TEST_BIN)
TEST_LIBS = -Wl,--as-needed -lm $(call libs,cairo cmocka libevent libunwind libunwind-generic \
  yaml-0.1 jansson libcrypto libisal libarchive libdw libedit)

$(BUILD)/libtest.a: $(filter-out %/main.o, \
  $(call objects,hosted,$(wildcard tests/lib/*.c)) $(VMK_OBJ) $(TOOL_OBJ)) $(SHARED_OBJ)
	@rm -f $@
	$(Q)ar rcsP $@ $^

# The tests of the console's kernel: all of it with its programs as hosted code, but for what starts it
# and what talks to the VMkernel (tests/kernel/cos_harness.c is there instead). Pointers between its
# objects have 32 bits.
KERNEL_TEST_LIBS = $(TEST_LIBS) -no-pie -Wl,-Ttext-segment=0x60000000,--wrap=do_timers
COS_HARNESS_OBJ := $(call objects,coshosted,tests/kernel/cos_harness.c \
  $(filter-out %/setup.c %/hypervisor.c $(COS_SHARED),$(COS_SRC)) $(COS_ASM))
$(KERNEL_TEST_BIN): $(BUILD)/%: $(BUILD)/coshosted/%.o $(COS_HARNESS_OBJ) $(BUILD)/libtest.a
	$(call link,$(KERNEL_TEST_LIBS))

links_of = $(shell sed -n '1,30s/.*links: *\([^*]*\).*/\1/p' $(1))
define unit_rule
$(BUILD)/$(basename $(1)): \
  $(BUILD)/$(if $(findstring cos/,$(2)),coshosted,hosted)/$(basename $(1)).o \
  $(call objects,hosted,$(filter-out cos/%,$(filter %.c,$(2)))) \
  $(call objects,coshosted,$(filter cos/%.c,$(2))) $(BUILD)/libtest.a
	$$(call link,$$(TEST_LIBS) $$(LINKS))
$(BUILD)/$(basename $(1)): LINKS := $(filter -l% -no-pie -Wl%,$(2))
endef
$(foreach t,$(UNIT_SRC),$(eval $(call unit_rule,$(t),$(call links_of,$(t)))))
