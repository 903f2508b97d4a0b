# The programs of build/bin, but the console (mk/cos.mk).
SHARED_OBJ := $(call objects,hosted,$(wildcard shared/*.c shared/*/*.c))
VMK_OBJ := $(call objects,hosted,$(wildcard vmkernel/*/*.c))
HBD_OBJ := $(call objects,hosted,$(wildcard cos/vmnixhbd/*.c) shared/gate.c shared/ring.c)
TOOL_OBJ := $(call objects,hosted,$(wildcard tools/*/*.c tools/*/*/*.c))
# Programs that are links to lostbeat (tools/cmd/main.c).
ESX_NAMES := $(addprefix $(BIN)/,vmkdump vm-support esxcfg-advcfg esxcfg-dumppart)
PROGRAMS := $(addprefix $(BIN)/,cos vmkernel vmnixhbd lostbeat) $(ESX_NAMES)

VMK_LIBS = $(call libs,cairo libevent libunwind libunwind-generic libisal libcrypto jansson)
HBD_LIBS = $(call libs,libevent jemalloc)
TOOL_LIBS = -lm $(call libs,cairo yaml-0.1 jansson libcrypto libisal libarchive libunwind \
  libunwind-generic libdw libedit)

$(BIN)/vmkernel: $(VMK_OBJ) $(SHARED_OBJ)
	$(call link,$(VMK_LIBS))
$(BIN)/vmnixhbd: $(HBD_OBJ)
	$(call link,$(HBD_LIBS))
$(BIN)/lostbeat: $(TOOL_OBJ) $(SHARED_OBJ)
	$(call link,$(TOOL_LIBS))
$(ESX_NAMES): mk/programs.mk | $(BIN)/lostbeat
	$(Q)ln -sfn lostbeat $@
# Where a program of build/bin finds the scenarios.
$(BUILD)/scenarios: | $(BUILD)/flags
	$(Q)ln -sfn $(CURDIR)/tools/scenarios $@
