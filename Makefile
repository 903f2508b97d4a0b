# Lost Heartbeat - build, demo, tests. `make help` lists the targets.
#
# Everything that is made lies under $(BUILD); another compiler or other flags rebuild what they touch. Variables for the command line:
#   BUILD=dir   CC=gcc|clang   OPT="-O2 -g"   HOSTED=1 (cos as a hosted program, for sanitizers)   SAN="-fsanitize=..."   NOSKIP=1 (no livelock skip)   V=1 (show commands)
BUILD ?= build
CC := $(if $(filter default,$(origin CC)),gcc,$(CC))
BIN := $(BUILD)/bin
Q := $(if $(V),,@)
OPT ?= -O2 -g
# Builds in different folders give the same bytes. The last map that fits wins: the first is for
# DW_AT_comp_dir, which has no slash behind it.
MAP := -ffile-prefix-map=$(CURDIR)=. -ffile-prefix-map=$(CURDIR)/=
WARN := -Wall -Wextra -Werror -Wshadow -Wstrict-prototypes -Wmissing-prototypes
CPPFLAGS += -I. -D_GNU_SOURCE $(if $(HOSTED),-DCOS_HOSTED) $(if $(NOSKIP),-DLIVELOCK_SKIP=0)
CFLAGS_HOSTED = -std=gnu11 $(OPT) $(WARN) $(MAP) $(SAN)
CFLAGS_FREE = -std=gnu11 $(OPT) $(WARN) $(MAP) -ffreestanding -fno-stack-protector -fPIE -mgeneral-regs-only -mno-red-zone \
  -fasynchronous-unwind-tables -fno-omit-frame-pointer -fno-strict-aliasing -fcf-protection=none -fno-optimize-sibling-calls
CFLAGS_COS_HOSTED = $(CFLAGS_HOSTED) -fno-pie -fno-strict-aliasing -fno-stack-protector -fno-omit-frame-pointer \
  $(if $(findstring clang,$(CC)),-DCOS_FIBERS)
CFLAGS_COS = $(if $(HOSTED),$(CFLAGS_COS_HOSTED),$(CFLAGS_FREE))

# ---- what belongs to what ---------------------------------------------------------------------------------------------------
SHARED_SRC := $(wildcard shared/*.c)
COS_SHARED := shared/gate.c shared/rng.c shared/calendar.c shared/fault.c
COS_SRC := $(wildcard cos/kernel/*/*.c cos/programs/*.c) $(COS_SHARED)
COS_ASM := $(wildcard cos/kernel/*/*.S)
HBD_SRC := $(wildcard cos/vmnixhbd/*.c) shared/gate.c shared/ring.c
VMK_SRC := $(wildcard vmkernel/*/*.c)
TOOL_SRC := $(wildcard tools/*/*.c tools/*/*/*.c)
LIB_TEST_SRC := $(wildcard tests/lib/*.c)
UNIT_SRC := $(wildcard tests/unit/test_*.c tests/sim/test_*.c tests/fault/test_*.c)
# Programs that are links to lostbeat (tools/cmd/main.c).
TOOL_MAINS := $(patsubst %,$(BUILD)/hosted/tools/cmd/%.o,main main_front main_crash)
ESX_NAMES := $(addprefix $(BIN)/,vmkdump vm-support esxcfg-advcfg esxcfg-dumppart)
FUZZ_SRC := $(wildcard tests/fuzz/fuzz_*.c)

obj = $(patsubst %.c,$(BUILD)/$(1)/%.o,$(2))
SHARED_OBJ := $(call obj,hosted,$(SHARED_SRC))
COS_OBJ := $(call obj,cos,$(COS_SRC)) $(patsubst %.S,$(BUILD)/cos/%.o,$(COS_ASM))
HBD_OBJ := $(call obj,hosted,$(HBD_SRC))
VMK_OBJ := $(call obj,hosted,$(VMK_SRC))
TOOL_OBJ := $(call obj,hosted,$(TOOL_SRC))
UNIT_BIN := $(patsubst %.c,$(BUILD)/%,$(UNIT_SRC))
FUZZ_BIN := $(patsubst %.c,$(BUILD)/%,$(FUZZ_SRC))

# Asked when a program is linked, not when this file is read: `make deps` must work on a machine without pkg-config.
libs = $(shell pkg-config --libs $(1))
VMK_LIBS = $(call libs,cairo libevent libunwind libunwind-generic libisal libcrypto jansson)
HBD_LIBS = $(call libs,libevent jemalloc)
TOOL_LIBS = -lm $(call libs,cairo yaml-0.1 jansson libcrypto libisal libarchive libunwind libunwind-generic libdw libedit)
TEST_LIBS = -Wl,--as-needed -lm $(call libs,cairo cmocka libevent libunwind libunwind-generic yaml-0.1 jansson libcrypto libisal libarchive libdw libedit)

# ---- programs ---------------------------------------------------------------------------------------------------------------
all: packages-build $(BIN)/cos $(BIN)/vmkernel $(BIN)/vmnixhbd $(BIN)/lostbeat $(ESX_NAMES) $(BUILD)/scenarios ## build into build/bin (installs nothing)

# A file that changes when the flags do; every object depends on it.
FLAGS_TEXT := $(CC) $(FUZZ) $(OPT) $(SAN) $(HOSTED) $(NOSKIP) $(WARN) $(CPPFLAGS)
ifneq ($(shell cat $(BUILD)/flags 2>/dev/null),$(FLAGS_TEXT))
$(shell mkdir -p $(BUILD) && printf '%s' '$(FLAGS_TEXT)' > $(BUILD)/flags)
endif

$(BUILD)/hosted/%.o: %.c $(BUILD)/flags | packages-build
	@mkdir -p $(@D)
	@echo "  CC    $<"
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS_HOSTED) -MMD -MP -c $< -o $@
$(BUILD)/cos/%.o: %.c $(BUILD)/flags | packages-build
	@mkdir -p $(@D)
	@echo "  CC    $<"
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS_COS) -MMD -MP -c $< -o $@
$(BUILD)/cos/%.o: %.S $(BUILD)/flags | packages-build
	@mkdir -p $(@D)
	@echo "  CC    $<"
	$(Q)$(CC) $(CPPFLAGS) $(MAP) -g -MMD -MP -c $< -o $@
# The COS kernel knows its functions by name: a first link gives their addresses, the second adds the table, which lies behind them.
ifdef HOSTED
LINK_COS = $(CC) $(SAN) -no-pie -Wl,-Ttext-segment=0x10100000 -Wl,--build-id -Wl,-u,etext
else
LINK_COS = ld -static --no-relax --eh-frame-hdr --build-id -z noexecstack -T cos/kernel/arch/cos.lds
endif
KALLSYMS := $(BUILD)/cos/kallsyms
kallsyms_of = nm -n --defined-only $(1) | LC_ALL=C awk -f cos/kernel/debug/kallsyms.awk
$(KALLSYMS).o: $(COS_OBJ) cos/kernel/arch/cos.lds cos/kernel/debug/kallsyms.awk
	@mkdir -p $(@D)
	@echo "  SYMS  $@"
	$(Q)$(LINK_COS) -o $(KALLSYMS).cos $(COS_OBJ)
	$(Q)$(call kallsyms_of,$(KALLSYMS).cos) > $(KALLSYMS).S
	$(Q)$(CC) -c $(KALLSYMS).S -o $@
$(BIN)/cos: $(COS_OBJ) $(KALLSYMS).o cos/kernel/arch/cos.lds
	@mkdir -p $(@D)
	@echo "  LINK  $@"
	$(Q)$(LINK_COS) -o $@.new $(COS_OBJ) $(KALLSYMS).o
	$(Q)$(call kallsyms_of,$@.new) | cmp - $(KALLSYMS).S
	$(Q)mv $@.new $@
$(BIN)/vmkernel: $(VMK_OBJ) $(SHARED_OBJ)
	@mkdir -p $(@D)
	@echo "  LINK  $@"
	$(Q)$(CC) $(SAN) -o $@ $^ $(VMK_LIBS)
$(BIN)/vmnixhbd: $(HBD_OBJ)
	@mkdir -p $(@D)
	@echo "  LINK  $@"
	$(Q)$(CC) $(SAN) -o $@ $^ $(HBD_LIBS)
# Three programs of one library, so that `crash` loads only what it needs (tools/cmd/main_front.c).
$(BUILD)/libtools.a: $(filter-out $(TOOL_MAINS),$(TOOL_OBJ)) $(SHARED_OBJ)
	@rm -f $@
	$(Q)ar rcsP $@ $^
$(BIN)/lostbeat-tools: $(BUILD)/hosted/tools/cmd/main.o $(BUILD)/libtools.a
	@mkdir -p $(@D)
	@echo "  LINK  $@"
	$(Q)$(CC) $(SAN) -o $@ $^ $(TOOL_LIBS)
$(BIN)/lostbeat-crash: $(BUILD)/hosted/tools/cmd/main_crash.o $(BUILD)/libtools.a
	@mkdir -p $(@D)
	@echo "  LINK  $@"
	$(Q)$(CC) $(SAN) -o $@ $^ -Wl,--as-needed $(TOOL_LIBS)
$(BIN)/lostbeat: $(BUILD)/hosted/tools/cmd/main_front.o $(BIN)/lostbeat-tools $(BIN)/lostbeat-crash
	@mkdir -p $(@D)
	@echo "  LINK  $@"
	$(Q)$(CC) $(SAN) -o $@ $<
$(ESX_NAMES): | $(BIN)/lostbeat
	$(Q)ln -sfn lostbeat-tools $@
$(BUILD)/scenarios: | $(BUILD)/flags
	$(Q)ln -sfn $(CURDIR)/tools/scenarios $@

# ---- tests ------------------------------------------------------------------------------------------------------------------
# A test may use anything of shared/, tests/lib/, vmkernel/ and tools/ (all but the mains). A comment "links: FILE.c... -lLIB..." in its first
# 30 lines adds what else it needs (-no-pie and -Wl, too); .c files of cos/ are then compiled as hosted code with COS_HOSTED, as is a test that names one.
$(BUILD)/libtest.a: $(filter-out %/main.o $(TOOL_MAINS),$(call obj,hosted,$(LIB_TEST_SRC)) $(VMK_OBJ) $(TOOL_OBJ)) $(SHARED_OBJ)
	@rm -f $@
	$(Q)ar rcsP $@ $^
# @cos among the links: the whole COS kernel with its programs as hosted code, but for what starts it and what talks to the VMkernel.
COS_HARNESS_OBJ := $(call obj,coshosted,$(filter-out %/setup.c %/hypervisor.c $(COS_SHARED),$(COS_SRC))) $(patsubst %.S,$(BUILD)/coshosted/%.o,$(COS_ASM))
links_of = $(shell sed -n '1,30s/.*links: *\([^*]*\).*/\1/p' $(1))
define unit_rule
$(BUILD)/$(basename $(1)): $(BUILD)/$(if $(findstring cos/,$(2))$(findstring @cos,$(2)),coshosted,hosted)/$(basename $(1)).o \
  $(call obj,hosted,$(filter-out cos/%,$(filter %.c,$(2)))) $(call obj,coshosted,$(filter cos/%.c,$(2))) \
  $(if $(findstring @cos,$(2)),$(COS_HARNESS_OBJ)) $(BUILD)/libtest.a
	@mkdir -p $$(@D)
	@echo "  LINK  $$@"
	$$(Q)$$(CC) $$(SAN) -o $$@ $$^ $$(TEST_LIBS) $(filter -l% -no-pie -Wl%,$(2))
endef
$(foreach t,$(UNIT_SRC),$(eval $(call unit_rule,$(t),$(call links_of,$(t)))))
$(BUILD)/coshosted/%.o: %.c $(BUILD)/flags
	@mkdir -p $(@D)
	@echo "  CC    $<"
	$(Q)$(CC) $(CPPFLAGS) -DCOS_HOSTED $(CFLAGS_HOSTED) -fno-strict-aliasing -fno-omit-frame-pointer -MMD -MP -c $< -o $@
$(BUILD)/coshosted/%.o: %.S $(BUILD)/flags
	@mkdir -p $(@D)
	@echo "  CC    $<"
	$(Q)$(CC) $(CPPFLAGS) -DCOS_HOSTED $(MAP) -g -MMD -MP -c $< -o $@
FUZZ_MAIN = $(if $(FUZZ),,$(BUILD)/hosted/tests/fuzz/replay.o)
$(FUZZ_BIN): $(BUILD)/tests/fuzz/%: $(BUILD)/hosted/tests/fuzz/%.o $(FUZZ_MAIN) $(BUILD)/libtest.a
	@mkdir -p $(@D)
	@echo "  LINK  $@"
	$(Q)$(CC) $(SAN) $(if $(FUZZ),-fsanitize=fuzzer) -o $@ $^ $(TEST_LIBS)
fuzz-run: $(FUZZ_BIN)
	@tests/fuzz/fuzz.sh $(BUILD) $(FUZZ_S) $(FUZZ_BIN)

# The small COS of the dump tests. Freestanding in every build, so that its addresses are the product's under sanitizers too.
MINICOS := $(BUILD)/tests/minicos
$(BUILD)/free/%.o: %.c $(BUILD)/flags | packages-build
	@mkdir -p $(@D)
	@echo "  CC    $<"
	$(Q)$(CC) $(CPPFLAGS) -UCOS_HOSTED $(CFLAGS_FREE) -MMD -MP -c $< -o $@
$(MINICOS): $(BUILD)/free/tests/lib/minicos/minicos.o cos/kernel/arch/cos.lds
	@mkdir -p $(@D)
	@echo "  LD    $@"
	$(Q)ld -static --no-relax --eh-frame-hdr --build-id -z noexecstack -T cos/kernel/arch/cos.lds -o $@ $<

# A COS and a vmnixhbd that were taken over; the COS is the small one with another end.
HOSTILE := $(BUILD)/tests/hostile_cos $(BUILD)/tests/hostile_hbd
$(BUILD)/tests/hostile_cos: $(patsubst %,$(BUILD)/free/%.o,tests/lib/minicos/minicos tests/lib/hostile/hostile_cos shared/gate shared/rng) cos/kernel/arch/cos.lds
	@mkdir -p $(@D)
	@echo "  LD    $@"
	$(Q)ld -static --no-relax --eh-frame-hdr --build-id -z noexecstack -T cos/kernel/arch/cos.lds -o $@ $(filter %.o,$^)
$(BUILD)/tests/hostile_hbd: $(BUILD)/hosted/tests/lib/hostile/hostile_hbd.o $(SHARED_OBJ)
	@mkdir -p $(@D)
	@echo "  LINK  $@"
	$(Q)$(CC) $(SAN) -o $@ $^ $(TEST_LIBS)

# A COS without a kernel that misbehaves as it is told, and the benchmark of a beat.
FAKE_COS := $(BUILD)/tests/fake_cos
BENCH_BIN := $(patsubst %.c,$(BUILD)/%,$(wildcard tests/bench/*.c))
$(FAKE_COS): $(BUILD)/hosted/tests/lib/fakecos/fake_cos.o $(SHARED_OBJ)
	@mkdir -p $(@D)
	@echo "  LINK  $@"
	$(Q)$(CC) $(SAN) -o $@ $^ $(TEST_LIBS)
$(BENCH_BIN): $(BUILD)/%: $(BUILD)/hosted/%.o $(BUILD)/libtest.a
	@mkdir -p $(@D)
	@echo "  LINK  $@"
	$(Q)$(CC) $(SAN) -o $@ $^ $(TEST_LIBS)

TEST_PROGRAMS := $(MINICOS) $(HOSTILE) $(FAKE_COS) $(UNIT_BIN) $(FUZZ_BIN)
END_TO_END := $(sort $(wildcard tests/tools/*.sh tests/tools/*.py))
unit: all $(TEST_PROGRAMS) ## build and run the unit tests alone
	@tests/run.sh $(BUILD) $(UNIT_BIN) $(FUZZ_BIN)
check-run: all $(TEST_PROGRAMS)
	@tests/run.sh $(BUILD) $(UNIT_BIN) $(FUZZ_BIN) $(END_TO_END)
check: deps ## install what is missing, build, run all tests; ends with "N passed, N failed"
	@$(MAKE) --no-print-directory check-run
asan: ## build everything with ASan and UBSan in build/asan and run all tests there
	@$(MAKE) --no-print-directory BUILD=$(BUILD)/asan HOSTED=1 OPT="-O1 -g" \
	  SAN="-fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer" check-run
FUZZ_S ?= 600
fuzz: deps ## every fuzz target under libFuzzer (clang) with ASan and UBSan, FUZZ_S=600 seconds each
	@$(MAKE) --no-print-directory BUILD=$(BUILD)/fuzz CC=clang FUZZ=1 HOSTED=1 OPT="-O1 -g" \
	  SAN="-fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer" fuzz-run
tidy: ## layers, banned functions, line length, format, docstrings, shell scripts
	@tests/tidy.sh
format: ## rewrite sources in the house style (long comments stay as they are)
	clang-format -i $(shell find shared vmkernel cos tools tests -name '*.[ch]')
repro: all ## run every scenario twice in different surroundings, and without the livelock skip; compare digests
	@$(MAKE) --no-print-directory -s BUILD=$(BUILD)/noskip NOSKIP=1 all
	@tests/repro.sh $(BUILD) $(BUILD)/noskip
bench: all $(BENCH_BIN) ## cost per beat, virtual seconds per second (of each scenario, too), speed of the core, memory
	@tests/bench/bench.sh $(BUILD)
confusion: all ## score `lostbeat diagnose` against what was injected: SEEDS=100 of each scenario, RANDOM=1000 incidents, JOBS=
	@tests/confusion/confusion.py $(BUILD) --seeds $(or $(SEEDS),100) --random $(or $(RANDOM),1000) $(if $(JOBS),--jobs $(JOBS)) $(SCENARIOS)
# Also: PARTS="hostile sweep fuzz scenarios" HOSTILE_RUNS=10000 FUZZ_S=600 SEEDS=100 SCENARIOS="a b" JOBS=2
soak: deps ## hours: 10,000 hostile consoles, the whole sweep, 10 minutes of each fuzzer, 100 seeds of each scenario (docs/TESTING.md)
	@$(MAKE) --no-print-directory all $(TEST_PROGRAMS)
	@tests/soak_all.sh $(BUILD)
schema: all ## write docs/scenario.schema.json and the tables of faults in docs/scenarios.md from the code
	@tools/scenario/docs_tables.sh $(BIN)
calibrate: all ## find where kb-308590's leak must begin; WRITE=1 writes it into the scenario
	@tools/scenario/calibrate.sh $(BIN) $(WRITE)

# ---- for strangers ----------------------------------------------------------------------------------------------------------
# $(call missing,WORDS): packages of packages.txt for these purposes that dpkg does not have; nothing on systems without dpkg.
missing = command -v dpkg-query >/dev/null || exit 0; \
  for p in $$(awk '!/^\#/ && $$2 ~ /^($(1))$$/ {print $$1}' packages.txt); do \
    dpkg-query -W -f '$${Status}\n' $$p 2>/dev/null | grep -q ' installed$$' || echo $$p; done
packages-build:
	@missing=$$($(call missing,build)); for p in $$missing; do echo "missing package: $$p (\`make deps\` installs it)" >&2; done; [ -z "$$missing" ]
deps: ## install missing packages of packages.txt (needs root or sudo)
	@missing=$$($(call missing,build|test|tidy)); [ -z "$$missing" ] || { echo "installing:" $$missing; \
	  export DEBIAN_FRONTEND=noninteractive; sudo=; [ `id -u` = 0 ] || sudo="sudo -n -E"; \
	  $$sudo apt-get update -q && $$sudo apt-get install -q -y --no-install-recommends $$missing; }
demo: deps ## install, build, and watch VMap take a host down
	@$(MAKE) --no-print-directory -s all
	@n=1; while [ -e hosts/demo-$$n ]; do n=$$((n+1)); done; $(BIN)/lostbeat run kb-308590 --host hosts/demo-$$n
help: ## this list
	@awk -F':.*## ' '/^[a-z-]+:.*## / {printf "  %-10s %s\n", $$1, $$2}' Makefile
clean: ## remove build/
	rm -rf $(BUILD)
.PHONY: all unit check check-run asan fuzz fuzz-run tidy format repro bench soak schema confusion calibrate deps packages-build demo help clean
.SECONDARY:
-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)
