/* fault_name.c - see fault.h: the names of faults. Not linked by the COS. */
#include "shared/fault.h"

#include <stddef.h>
#include <string.h>

static const char *const names[FAULT_TYPES] = {
#define FAULT_TYPE(id, value, name, ...) [id] = name,
#include "shared/fault.def"
};

const char *fault_name(uint32_t type)
{
    return type < FAULT_TYPES ? names[type] : NULL;
}

uint32_t fault_find(const char *name)
{
    for (uint32_t type = 1; type < FAULT_TYPES; type++) {
        if (strcmp(names[type], name) == 0)
            return type;
    }
    return FAULT_NONE;
}
