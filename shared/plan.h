/* plan.h - a scenario made concrete: everything a run needs, as `lostbeat` hands it to the
 * VMkernel.
 *
 * `lostbeat run` reads a scenario file, checks it, and writes HOST/run/plan.json; `vmkernel --host
 * HOST` reads that file and nothing else about the scenario. The truth of a run (cause, seed,
 * faults) lies under run/ alone. The COS is told only what boot.h has. JSON by jansson; field names
 * equal the members below; times are ns of virtual time since VMkernel boot. */
#ifndef SHARED_PLAN_H
#define SHARED_PLAN_H

#include <stdint.h>

#include "shared/boot.h"

#define PLAN_SCHEMA "lostbeat/plan/1"

struct plan {
    char scenario[64];
    char cause[32]; /* what truly is the cause [CONTRACT, diagnose]; "none" */
    uint64_t seed;
    char profile[32];            /* "esx-3.5" */
    char host[64];               /* host name in logs and file names */
    char datastore_uuid[48];     /* e.g. 4533e089-1dfcdd21-f1d3-001a140ebdca */
    uint32_t datastore_kb_per_s; /* speed of the datastore while the COS core is written */
    uint32_t ram_mb;             /* COS RAM: MACHINE_RAM_MB_MIN..MAX */
    uint32_t reserved_kb;        /* ram - reserved = MemTotal; 0 = what the COS needs by itself */
    uint32_t swap_kb;            /* SwapTotal */
    uint32_t pcpus;              /* physical CPUs */
    uint32_t cpu_khz;            /* e.g. 2992500 */
    uint32_t vms;         /* virtual machines: worlds of the VMkernel, vmware-vmx in the COS */
    int64_t epoch_boot_s; /* UTC at virtual time 0 */
    int32_t utc_offset_s; /* time zone of the host, fixed */
    uint64_t duration_ns; /* a host that still lives then has survived */
    /* The life of a host over its starts. `seed` is the one of this start. */
    uint32_t starts;     /* how often it was started before */
    uint32_t after;      /* enum boot_after: how the run before ended */
    uint64_t first_seed; /* of the first start; 0 while starts is 0 */
    uint64_t power_ns;   /* when somebody presses the power button; 0 = nobody does */
    uint32_t reboot;     /* 1 = he wants it to start again */
    struct boot_params
        boot; /* what the COS gets; magic, bytes, random are filled in by the VMkernel */
};

/** Read a plan. On failure writes one line "FILE:LINE: what" into err and returns -1; *ret is then
 * untouched. */
int plan_load(const char *path, struct plan *ret, char *err, unsigned err_size);
/** Write a plan to `path` by a temporary name, fsync and rename, and sync its folder.
 *  @return 0 or -1 with a line in err */
int plan_save(const char *path, const struct plan *plan, char *err, unsigned err_size);

#endif /* SHARED_PLAN_H */
