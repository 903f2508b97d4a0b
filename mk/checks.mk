# What is run, from the unit tests to what takes hours. docs/TESTING.md says when to use which.
END_TO_END := $(sort $(wildcard tests/tools/*.sh tests/tools/*.py))
SANITIZE := -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer
submake = @$(MAKE) --no-print-directory

unit: all $(TEST_PROGRAMS) ## build and run the unit tests alone
	@tests/run.sh $(BUILD) $(UNIT_BIN) $(FUZZ_BIN)
check-run: all $(TEST_PROGRAMS)
	@tests/run.sh $(BUILD) $(END_TO_END) $(UNIT_BIN) $(FUZZ_BIN)
check: deps ## what a commit needs: build, run the tests; ends with "N passed, N failed"
	$(submake) check-run
check-long: deps ## all of check in full: second seeds, whole sweeps, every page of docs/cases
	$(submake) LOSTBEAT_LONG=1 check-run
ci: deps ## what a change must pass before it is taken: tidy, repro, a clang build, check
	$(submake) tidy
	$(submake) BUILD=$(BUILD)/clang CC=clang all
	$(submake) SCENARIOS="$(CI_SCENARIOS)" repro
	$(submake) check-run
CI_SCENARIOS := vmkernel-pf ring-corrupt daemon-never-started
asan: ## build with ASan and UBSan in build/asan and run all tests there
	$(submake) BUILD=$(BUILD)/asan HOSTED=1 OPT="-O1 -g" SAN="$(SANITIZE)" check-run
repro: all ## run every scenario twice, in different surroundings, and without the livelock skip
	$(submake) -s BUILD=$(BUILD)/noskip NOSKIP=1 all
	@SCENARIOS="$(SCENARIOS)" tests/repro.sh $(BUILD) $(BUILD)/noskip

FUZZ_S ?= 600
comma := ,
fuzz: deps ## every fuzz target under libFuzzer (clang) with sanitizers, FUZZ_S=600 seconds each
	$(submake) BUILD=$(BUILD)/fuzz CC=clang FUZZ=1 HOSTED=1 OPT="-O1 -g" \
	  SAN="$(subst =address,=fuzzer-no-link$(comma)address,$(SANITIZE))" fuzz-run
fuzz-run: $(FUZZ_BIN)
	@tests/fuzz/fuzz.sh $(BUILD) $(FUZZ_S) $(FUZZ_BIN)
# Also: PARTS="hostile sweep fuzz scenarios" HOSTILE_RUNS=10000 FUZZ_S=600 SEEDS=100 JOBS=2
soak: deps ## hours: hostile consoles, the whole sweep, every fuzzer, 100 seeds of each scenario
	$(submake) all $(TEST_PROGRAMS)
	@tests/soak_all.sh $(BUILD)
bench: all $(BENCH_BIN) ## cost per beat, virtual seconds per second, speed of the core, memory
	@tests/bench/bench.sh $(BUILD)
confusion: all ## score `diagnose` against what was injected: SEEDS=100, RANDOM=1000, JOBS=
	@tests/confusion/confusion.py $(BUILD) --seeds $(or $(SEEDS),100) \
	  --random $(or $(RANDOM),1000) $(if $(JOBS),--jobs $(JOBS)) $(SCENARIOS)
# Goes on where it was stopped; another build wants another SEEDS_OUT.
SEEDS_OUT ?= $(BUILD)/seeds
seeds: all ## what a seed draws and how it ends: SCENARIO=kb-308590 SEEDS=40 JOBS=2 DOC=file
	@tests/seeds/seeds.py $(BUILD) --out $(SEEDS_OUT) --scenario $(or $(SCENARIO),kb-308590) \
	  --seeds $(or $(SEEDS),40) --jobs $(or $(JOBS),2) $(if $(DOC),--doc $(DOC))
cases: all ## write anew what the commands of docs/cases print: PAGES="docs/cases/..."
	@tests/cases_write.py $(BUILD) $(PAGES)
drawn-hosts: all ## hosts drawn to be judged: KIND=leak|footprint|healthy HOSTS=40 SEED=1 JOBS=2
	@tests/seeds/hosts.py --kind $(or $(KIND),leak) --count $(or $(HOSTS),40) \
	  --seed $(or $(SEED),1) $(SEEDS_OUT)/$(or $(KIND),leak)-$(or $(SEED),1)
	@tests/seeds/seeds.py $(BUILD) --out $(SEEDS_OUT) --jobs $(or $(JOBS),2) \
	  --files $(SEEDS_OUT)/$(or $(KIND),leak)-$(or $(SEED),1)
.PHONY: seeds cases drawn-hosts
.PHONY: unit check-run check check-long ci asan repro fuzz fuzz-run soak bench confusion
