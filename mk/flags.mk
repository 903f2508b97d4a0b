# How a file of C or assembly is compiled, for each kind of program it may be part of.
#
#   hosted     an ordinary program: vmkernel, vmnixhbd, tools, tests
#   cos        the console's image: freestanding, or hosted with HOSTED=1
#   coshosted  the console's kernel as part of a test
#   free       freestanding whatever HOSTED says: stand-ins for the console

# Builds in different folders give the same bytes. The last map that fits wins: the first is for
# DW_AT_comp_dir, which has no slash behind it.
MAP := -ffile-prefix-map=$(CURDIR)=. -ffile-prefix-map=$(CURDIR)/=
# clang counts the texts of ASSERT(!"...") among conversions; gcc does not know that switch.
WARN := -Wall -Wextra -Werror -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wconversion \
  -Wcast-qual $(if $(findstring clang,$(CC)),-Wno-string-conversion)
CPPFLAGS += -I. -D_GNU_SOURCE $(if $(HOSTED),-DCOS_HOSTED) $(if $(NOSKIP),-DLIVELOCK_SKIP=0)
CFLAGS_COMMON = -std=gnu11 $(OPT) $(WARN) $(MAP)
CFLAGS_HOSTED = $(CFLAGS_COMMON) $(SAN)
# No names of a compiler among the kernel's: .constprop, .isra, .part, .cold. clang makes none.
PLAIN_NAMES = $(if $(findstring clang,$(CC)),,-fno-ipa-cp -fno-ipa-sra \
  -fno-ipa-icf -fno-partial-inlining -fno-reorder-blocks-and-partition)
CFLAGS_FREE = $(CFLAGS_COMMON) -ffreestanding -fno-stack-protector -fPIE -mgeneral-regs-only \
  -mno-red-zone -fasynchronous-unwind-tables -fno-omit-frame-pointer -fno-strict-aliasing \
  -fcf-protection=none -fno-optimize-sibling-calls $(PLAIN_NAMES)
CFLAGS_COS_HOSTED = $(CFLAGS_HOSTED) -fno-pie -fno-strict-aliasing -fno-stack-protector \
  -fno-omit-frame-pointer $(if $(findstring clang,$(CC)),-DCOS_FIBERS)
# Frames as the real COS has them: test_livelock compares stacks.
CFLAGS_COSHOSTED = $(CFLAGS_HOSTED) -fno-strict-aliasing -fno-omit-frame-pointer \
  -fno-optimize-sibling-calls

# A file that changes when the flags do; every object depends on it.
FLAGS_TEXT := $(CC) $(FUZZ) $(OPT) $(SAN) $(HOSTED) $(NOSKIP) $(WARN) $(CPPFLAGS)
ifneq ($(shell cat $(BUILD)/flags 2>/dev/null),$(FLAGS_TEXT))
$(shell mkdir -p $(BUILD) && printf '%s' '$(FLAGS_TEXT)' > $(BUILD)/flags)
endif

# $(call compile_rules,KIND,CPPFLAGS,CFLAGS): a folder of objects of one kind.
define compile_rules
$(BUILD)/$(1)/%.o: %.c $(BUILD)/flags | packages-build
	@mkdir -p $$(@D)
	@echo "  CC    $$<"
	$$(Q)$$(CC) $$(CPPFLAGS) $(2) $(3) -MMD -MP -c $$< -o $$@
$(BUILD)/$(1)/%.o: %.S $(BUILD)/flags | packages-build
	@mkdir -p $$(@D)
	@echo "  CC    $$<"
	$$(Q)$$(CC) $$(CPPFLAGS) $(2) $$(MAP) -g -MMD -MP -c $$< -o $$@
endef
$(eval $(call compile_rules,hosted,,$$(CFLAGS_HOSTED)))
$(eval $(call compile_rules,cos,,$$(if $$(HOSTED),$$(CFLAGS_COS_HOSTED),$$(CFLAGS_FREE))))
$(eval $(call compile_rules,coshosted,-DCOS_HOSTED,$$(CFLAGS_COSHOSTED)))
$(eval $(call compile_rules,free,-UCOS_HOSTED,$$(CFLAGS_FREE)))

# $(call objects,KIND,SOURCES)
objects = $(patsubst %.S,$(BUILD)/$(1)/%.o,$(patsubst %.c,$(BUILD)/$(1)/%.o,$(2)))
# Asked when a program is linked, not when this file is read: `make deps` must work on a machine
# without pkg-config.
libs = $(shell pkg-config --libs $(1))
# The recipe of a hosted program: $(call link,LIBRARIES)
define link
	@mkdir -p $(@D)
	@echo "  LINK  $@"
	$(Q)$(CC) $(SAN) -o $@ $(filter %.o %.a,$^) $(1)
endef
