# Lost Heartbeat - build, demo, tests. `make help` lists the targets.
BUILD ?= build
CC ?= gcc
BIN := $(BUILD)/bin
OPT ?= -O2 -g
WARN := -Wall -Wextra -Werror -Wshadow -Wstrict-prototypes -Wmissing-prototypes
CPPFLAGS += -I. -D_GNU_SOURCE
CFLAGS_HOSTED = -std=gnu11 $(OPT) $(WARN) $(SAN)
CFLAGS_COS = -std=gnu11 $(OPT) $(WARN) -ffreestanding -fno-stack-protector -fPIE -mgeneral-regs-only -mno-red-zone \
  -fasynchronous-unwind-tables -fno-omit-frame-pointer -fno-strict-aliasing -fcf-protection=none

SHARED_SRC := $(wildcard shared/*.c)
COS_SHARED := shared/gate.c shared/rng.c shared/calendar.c
COS_SRC := $(wildcard cos/kernel/*.c cos/kernel/*/*.c cos/programs/*.c) $(COS_SHARED)
COS_ASM := $(wildcard cos/kernel/*.S)
HBD_SRC := $(wildcard cos/vmnixhbd/*.c) shared/gate.c shared/ring.c
VMK_SRC := $(wildcard vmkernel/*.c)
TOOL_SRC := $(wildcard tools/*.c)

obj = $(patsubst %.c,$(BUILD)/$(1)/%.o,$(2))
SHARED_OBJ := $(call obj,hosted,$(SHARED_SRC))
COS_OBJ := $(call obj,cos,$(COS_SRC)) $(patsubst %.S,$(BUILD)/cos/%.o,$(COS_ASM))
HBD_OBJ := $(call obj,hosted,$(HBD_SRC))
VMK_OBJ := $(call obj,hosted,$(VMK_SRC))
TOOL_OBJ := $(call obj,hosted,$(TOOL_SRC))

VMK_LIBS := $(shell pkg-config --libs libevent libunwind libunwind-generic libisal libcrypto jansson)
HBD_LIBS := $(shell pkg-config --libs libevent jemalloc)
TOOL_LIBS := $(shell pkg-config --libs yaml-0.1 jansson libcrypto libisal libelf)

all: $(BIN)/cos $(BIN)/vmkernel $(BIN)/vmnixhbd $(BIN)/lostbeat

$(BUILD)/hosted/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(CFLAGS_HOSTED) -MMD -MP -c $< -o $@
$(BUILD)/cos/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(CFLAGS_COS) -MMD -MP -c $< -o $@
$(BUILD)/cos/%.o: %.S
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) -g -MMD -MP -c $< -o $@
$(BIN)/cos: $(COS_OBJ)
	@mkdir -p $(@D)
	ld -static --no-relax --eh-frame-hdr --build-id -z noexecstack -T cos/kernel/cos.lds -o $@ $^
$(BIN)/vmkernel: $(VMK_OBJ) $(SHARED_OBJ)
	@mkdir -p $(@D)
	$(CC) $(SAN) -o $@ $^ $(VMK_LIBS)
$(BIN)/vmnixhbd: $(HBD_OBJ)
	@mkdir -p $(@D)
	$(CC) $(SAN) -o $@ $^ $(HBD_LIBS)
$(BIN)/lostbeat: $(TOOL_OBJ) $(SHARED_OBJ)
	@mkdir -p $(@D)
	$(CC) $(SAN) -o $@ $^ $(TOOL_LIBS)
clean:
	rm -rf $(BUILD)
.PHONY: all clean
-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)
