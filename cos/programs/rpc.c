/* rpc.c - which programs call the VMkernel, and how often: what an ESX console's programs are there
 * for. One call each few rounds of work. Names are those of ESX 3; who asks for what is OUR CHOICE,
 * since the product's calls are not public. */
#include "cos/kernel/vmnix.h"
#include "cos/programs/program.h"

static const struct {
    const char *name;
    enum vmnix_op op;
    uint32_t rounds; /* one call per so many rounds of work */
} callers[] = {
    { "vmware-hostd", VMNIX_OP_STORAGE, 5 }, { "vpxa", VMNIX_OP_INFO, 1 },
    { "cimserver", VMNIX_OP_INFO, 1 },       { "snmpd", VMNIX_OP_INFO, 1 },
    { "hpasmd", VMNIX_OP_INFO, 1 },          { "esxcfg-rescan", VMNIX_OP_RESCAN, 1 },
    { "vmware-vmkauthd", VMNIX_OP_INFO, 1 },
};

void program_call_vmkernel(struct program *p)
{
    for (unsigned i = 0; i < ARRAY_SIZE(callers); i++) {
        if (strcmp(callers[i].name, p->spec.name) != 0)
            continue;
        if (p->rounds++ % callers[i].rounds == 0)
            (void)vmnix_rpc(callers[i].op, 0);
        return;
    }
}
