# What tests put in the place of a program, fuzz targets and benchmarks.

# The small COS of the dump tests. Freestanding in every build, so that its addresses are the
# product's under sanitizers too.
MINICOS := $(BUILD)/tests/minicos
# A COS and a vmnixhbd that were taken over; the COS is the small one with another end.
HOSTILE := $(BUILD)/tests/hostile_cos $(BUILD)/tests/hostile_hbd
# A COS without a kernel that misbehaves as it is told.
FAKE_COS := $(BUILD)/tests/fake_cos

define link_free
	@mkdir -p $(@D)
	@echo "  LINK  $@"
	$(Q)$(LINK_FREE) -o $@ $(filter %.o,$^)
endef
$(MINICOS): $(call objects,free,tests/lib/minicos/minicos.c) $(COS_LDS)
	$(link_free)
$(BUILD)/tests/hostile_cos: $(call objects,free,tests/lib/minicos/minicos.c \
  tests/lib/hostile/hostile_cos.c shared/gate.c shared/rng.c) $(COS_LDS)
	$(link_free)
$(BUILD)/tests/hostile_hbd: $(call objects,hosted,tests/lib/hostile/hostile_hbd.c) $(SHARED_OBJ)
	$(call link,$(TEST_LIBS))
$(FAKE_COS): $(call objects,hosted,tests/lib/fakecos/fake_cos.c) $(SHARED_OBJ)
	$(call link,$(TEST_LIBS))

# FUZZ=1 makes fuzzers of the targets; without it they replay their corpus.
FUZZ_BIN := $(patsubst %.c,$(BUILD)/%,$(wildcard tests/fuzz/fuzz_*.c))
FUZZ_MAIN = $(if $(FUZZ),,$(BUILD)/hosted/tests/fuzz/replay.o)
$(FUZZ_BIN): $(BUILD)/tests/fuzz/%: $(BUILD)/hosted/tests/fuzz/%.o $(FUZZ_MAIN) $(BUILD)/libtest.a
	$(call link,$(if $(FUZZ),-fsanitize=fuzzer) $(TEST_LIBS))

BENCH_BIN := $(patsubst %.c,$(BUILD)/%,$(wildcard tests/bench/*.c))
$(BENCH_BIN): $(BUILD)/%: $(BUILD)/hosted/%.o $(BUILD)/libtest.a
	$(call link,$(TEST_LIBS))

TEST_PROGRAMS := $(MINICOS) $(HOSTILE) $(FAKE_COS) $(UNIT_BIN) $(FUZZ_BIN)
