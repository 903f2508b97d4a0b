/* profile.c - see profile.h. One record per release. */
#include "vmkernel/model/profile.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

static const struct profile profiles[] = {
    {
        .name = "esx-3.5",
        .build = "123630",                                    /* [KB308590/Screen] */
        .product = "VMware ESX Server [Releasebuild-123630]", /* [KB308590/Screen] */
        .bluescreen = true, /* [KB308590/Screen]; absent on older builds */
        /* [KB308590/Screen] */
        .form_lost_heartbeat = "VMNIX: ALERT: HB: 365: Lost heartbeat "
                               "(comm={comm} pid={pid} t={t} to={to} clt={clt}).",
        .form_cos_error = "Host: 4781: COS Error: {headline}", /* [KB308590/Screen] */
        /* [KB308590/Screen] */
        .form_cos_dump = "Dump: 354: Dumping core to '/volumes/{uuid}/{name}'",
        /* OUR CHOICE */
        .form_cos_dump_failed =
            "WARNING: Dump: 361: Dumping core to '/volumes/{uuid}/{name}' failed: {why}",
        /* OUR CHOICE */
        .form_cos_dump_none = "WARNING: Dump: 340: Not dumping console os core: CosCoreFile: {why}",
        /* "World: vm 1064: 895" is on record, the rest is OUR CHOICE */
        .form_world_start = "World: vm {id}: 895: Starting world {name} with flags {flags}",
        /* OUR CHOICE */
        .form_ring = "WARNING: VMNIX: HB: 211: ring: {what}, {new} new, {all} in all",
        /* "CpuSched: 16758" is on record, its text OUR CHOICE */
        .form_starve = "WARNING: CpuSched: 16758: vm {id}: {name} is ready for {ready_s} s, "
                       "pcpu 0 runs vm {keeper}: {keeper_name}",
        /* [KB2009232], of a 4.x host */
        .form_lost_serial =
            "WARNING: VmkDev: 3102: Can't find serial# {serial} from virt handle 2000",
        /* OUR CHOICE, both */
        .form_rpc_open = "WARNING: VMNIX: RPC: 548: call {seq} ({op}) of {comm} pid {pid} not done "
                         "after {age_s} s in {world}",
        .form_command_open = "WARNING: VmkDev: 2871: {op} serial# {serial} ({slot}) not complete "
                             "after {age_s} s",
        .clt = 1,
        .headline_lost_heartbeat = "Lost heartbeat", /* [KB308590/Screen] */
        .headline_oops = "Oops",                     /* [KB1006802] */
        .headline_panic = "CosPanic",                /* [KB1006802] */
        .headline_dead = "Terminated",               /* OUR CHOICE: nothing like it is on record */
        .headline_runaway = "Runaway",               /* OUR CHOICE */
        .world_base = 1024,                          /* [KB308590/Screen] */
        .world_name_max = 9,                         /* [KB308590/Screen] */
        .helper_queues = 5,                          /* OUR CHOICE */
        .helpers_per_queue = 5,                      /* INFERRED: helper1-4 is 1037 on 4 pCPUs */
        .dump_helper = 7,                            /* [KB308590/Screen]: 1047 on 16 pCPUs */
        .dump_pcpu = 7,                              /* [KB308590/Screen] */
        .driver_worlds = 7,                          /* OUR CHOICE; the list stands in worlds.c */
        .vm_world_base_offset = 32, /* OUR CHOICE: 1072 on 16 pCPUs, the first seen is 1120 */
        .cr3_base = 0x2401000,      /* [D] two screens */
        .cr4 = 0x6f0,               /* [KB308590/Screen] */
        .blk_dev_base = 0x28f8e61,  /* [D] */
    },
};

const struct profile *profile_find(const char *name)
{
    assert(name != NULL);
    for (size_t i = 0; i < sizeof profiles / sizeof profiles[0]; i++)
        if (strcmp(profiles[i].name, name) == 0)
            return &profiles[i];
    return NULL;
}

/* The value for the name at [at, at + len). */
static const struct profile_value *find_value(const char *at, size_t len,
                                              const struct profile_value *values, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strlen(values[i].name) == len && memcmp(values[i].name, at, len) == 0)
            return &values[i];
    return NULL;
}

/* Append as much of [from, from + len) as fits; always leaves room for the zero. */
static size_t append(char *to, size_t size, size_t used, const char *from, size_t len)
{
    const size_t room = size - 1 - used;
    if (len > room)
        len = room;
    memcpy(to + used, from, len);
    return used + len;
}

size_t profile_format(char *to, size_t size, const char *form, const struct profile_value *values,
                      size_t count)
{
    assert(to != NULL && size > 0 && form != NULL);
    size_t used = 0;
    while (*form != '\0') {
        const size_t plain = strcspn(form, "{");
        used = append(to, size, used, form, plain);
        form += plain;
        if (*form == '\0')
            break;
        const size_t len = strcspn(++form, "}");
        const struct profile_value *v = find_value(form, len, values, count);
        assert(v != NULL && form[len] == '}');
        char number[24];
        (void)snprintf(number, sizeof number, "%llu", (unsigned long long)v->number);
        const char *text = v->text != NULL ? v->text : number;
        used = append(to, size, used, text, strlen(text));
        form += len + 1;
    }
    to[used] = '\0';
    return used;
}
