# Lost Heartbeat - build, demo, tests. `make help` lists the targets; mk/ has how they are made.
#
# Everything that is made lies under $(BUILD); another compiler or other flags rebuild what they
# touch. Variables for the command line:
#   BUILD=dir   CC=gcc|clang   OPT="-O2 -g"   V=1 (show commands)   SAN="-fsanitize=..."
#   HOSTED=1 (cos as a hosted program, for sanitizers)   NOSKIP=1 (no livelock skip)
BUILD ?= build
CC := $(if $(filter default,$(origin CC)),gcc,$(CC))
OPT ?= -O2 -g
BIN := $(BUILD)/bin
Q := $(if $(V),,@)

all: ## build into build/bin (installs nothing)

include mk/flags.mk
include mk/programs.mk
include mk/cos.mk
include mk/tests.mk
include mk/standins.mk
include mk/checks.mk
include mk/style.mk
include mk/deps.mk

all: packages-build $(PROGRAMS) $(BUILD)/scenarios

demo: deps ## install, build, and watch VMap take a host down
	@$(MAKE) --no-print-directory -s all
	@n=1; while [ -e hosts/demo-$$n ]; do n=$$((n+1)); done; \
	  $(BIN)/lostbeat run kb-308590 --host hosts/demo-$$n
schema: all ## write docs/scenario.schema.json and the tables of faults in docs/scenarios.md
	@tools/scenario/docs_tables.sh $(BIN)
calibrate: all ## find where kb-308590's leak must begin; WRITE=1 writes it into the scenario
	@tools/scenario/calibrate.sh $(BIN) $(WRITE)
help: ## this list
	@awk -F':.*## ' '/^[a-z_.-]+:.*## / {printf "  %-21s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
clean: ## remove build/
	rm -rf $(BUILD)
.PHONY: all demo schema calibrate help clean
.SECONDARY:
-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)
