/* rpc.c - which programs call the VMkernel, and how often: what an ESX console's programs are there
 * for. One call each few rounds of work. Names are those of ESX 3; who asks for what is OUR CHOICE,
 * since the product's calls are not public. */
#include "cos/kernel/faults/fault_note.h"
#include "cos/kernel/arch/traps.h"
#include "cos/kernel/drivers/vmnix.h"
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

static bool is_to_meet_bug(const struct program *p, uint32_t i)
{
    const struct fault *f = fault_at(i);
    return f->type == FAULT_COS_OOPS && strcmp(f->target, p->spec.name) == 0;
}

bool program_makes_calls(const struct program *p)
{
    for_each_fault(i)
    {
        if (is_to_meet_bug(p, i))
            return true;
    }
    for (unsigned i = 0; i < ARRAY_SIZE(callers); i++)
        if (strcmp(callers[i].name, p->spec.name) == 0)
            return true;
    return false;
}

/* cos-oops: the next system call of its target runs into a bug of a driver. */
static void meet_bug(const struct program *p)
{
    for_each_fault(i)
    {
        if (!is_to_meet_bug(p, i) || fault_state(i)->due == 0)
            continue;
        fault_state(i)->due--;
        (void)sys(sys_write_proc_scsi);
    }
}

void program_call_vmkernel(struct program *p)
{
    meet_bug(p);
    for (unsigned i = 0; i < ARRAY_SIZE(callers); i++) {
        if (strcmp(callers[i].name, p->spec.name) != 0)
            continue;
        if (p->rounds++ % callers[i].rounds == 0)
            (void)sys(vmnix_rpc, callers[i].op, 0);
        return;
    }
}
