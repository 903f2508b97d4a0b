/* options.c - see options.h. */
#include "vmkernel/host/options.h"

#include <stdio.h>
#include <string.h>

#include "shared/path.h"
#include "vmkernel/host/vmk.h"

void options_default(struct vmk *vmk)
{
    struct vmk_options *o = &vmk->options;
    *o = (struct vmk_options){ .psod_on_cos_panic = true };
    (void)snprintf(o->core_uuid, sizeof o->core_uuid, "%s", vmk->plan.datastore_uuid);
    (void)snprintf(o->core_name, sizeof o->core_name, "cos-core-%s", vmk->plan.host);
}

static void take_core(struct vmk_options *o, const char *value)
{
    const enum esxconf_core core = esxconf_core_parse(value, o->core_uuid, o->core_name);
    if (core == ESXCONF_CORE_OK)
        return;
    o->core_name[0] = '\0';
    (void)snprintf(o->core_why, sizeof o->core_why, "%s", esxconf_core_reason(core));
}

int options_load(struct vmk *vmk, struct err *err)
{
    char path[PATH_SIZE];
    struct esxconf conf;
    (void)path_join(path, vmk->host_dir, PATH_ESXCONF);
    const int error = esxconf_load(path, &conf, err);
    if (error != 0)
        return error;
    options_default(vmk);
    const char *core = esxconf_get(&conf, ESXCONF_COS_CORE_FILE);
    if (core != NULL)
        take_core(&vmk->options, core);
    const char *psod = esxconf_get(&conf, ESXCONF_PSOD_ON_COS_PANIC);
    vmk->options.psod_on_cos_panic = psod == NULL || strcmp(psod, "0") != 0;
    esxconf_free(&conf);
    return 0;
}
