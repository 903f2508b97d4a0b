# The console's image: freestanding, linked to 0xC0100000 by a script of its own; hosted for
# sanitizers.
COS_SHARED := shared/gate.c shared/rng.c shared/calendar.c shared/fault.c shared/fault_clock.c
COS_SRC := $(wildcard cos/kernel/*/*.c cos/kernel/*/*/*.c cos/programs/*.c) $(COS_SHARED)
COS_ASM := $(wildcard cos/kernel/*/*.S)
COS_OBJ := $(call objects,cos,$(COS_SRC) $(COS_ASM))
COS_LDS := cos/kernel/arch/cos.lds
LINK_FREE = ld -static --no-relax --eh-frame-hdr --build-id -z noexecstack -T $(COS_LDS)
LINK_HOSTED = $(CC) $(SAN) -no-pie -Wl,-Ttext-segment=0x10100000 -Wl,--build-id -Wl,-u,etext
LINK_COS = $(if $(HOSTED),$(LINK_HOSTED),$(LINK_FREE))

# The kernel knows its functions by name: a first link gives their addresses, the second adds the
# table, which lies behind them. `as` makes it with either compiler: clang's own assembler would
# bring an empty .text that is aligned, and so move the end of the others.
KALLSYMS := $(BUILD)/cos/kallsyms
KALLSYMS_AWK := cos/kernel/debug/kallsyms.awk
kallsyms_of = nm -n --defined-only $(1) | LC_ALL=C awk -f $(KALLSYMS_AWK)
$(KALLSYMS).o: $(COS_OBJ) $(COS_LDS) $(KALLSYMS_AWK)
	@mkdir -p $(@D)
	@echo "  SYMS  $@"
	$(Q)$(LINK_COS) -o $(KALLSYMS).cos $(COS_OBJ)
	$(Q)$(call kallsyms_of,$(KALLSYMS).cos) > $(KALLSYMS).S
	$(Q)as $(KALLSYMS).S -o $@
$(BIN)/cos: $(COS_OBJ) $(KALLSYMS).o $(COS_LDS)
	@mkdir -p $(@D)
	@echo "  LINK  $@"
	$(Q)$(LINK_COS) -o $@.new $(COS_OBJ) $(KALLSYMS).o
	$(Q)$(call kallsyms_of,$@.new) | cmp - $(KALLSYMS).S
	$(Q)mv $@.new $@
