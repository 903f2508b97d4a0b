/* calls.c - see calls.h. */
#include "vmkernel/model/calls.h"

#include <stddef.h>

const char *rpc_op_name(uint32_t op)
{
    static const char *const names[VMNIX_OPS] = {
#define OP_NAME(id, value, text, ns, needs) [id] = (text),
        VMNIX_OP_LIST(OP_NAME)
#undef OP_NAME
    };
    return op < VMNIX_OPS && names[op] != NULL ? names[op] : "?";
}

const char *rpc_slot_name(uint32_t slot)
{
    static const char *const names[VMNIX_SLOTS] = { "rpc", "swap", "root", "storage" };
    return slot < VMNIX_SLOTS ? names[slot] : "?";
}
