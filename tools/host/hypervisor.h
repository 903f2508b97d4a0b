/* hypervisor.h - starts a VMkernel on a host directory, watches it, and reads how it ended.
 *
 * The VMkernel dies with the process that started it (PR_SET_PDEATHSIG), and its children with it,
 * so nothing is left running whoever is killed. */
#ifndef TOOLS_HYPERVISOR_H
#define TOOLS_HYPERVISOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "shared/err.h"
#include "shared/progress.h"

#define HYPERVISOR_RESULT_SCHEMA "lostbeat/result/1"

/* HOST/run/result.json */
struct hypervisor_result {
    char outcome[32];
    double uptime_s, virtual_s;
    uint64_t beats;
    char headline[128];
    bool stunned;
    char note[512];
    char end[16];    /* "purple", "halt", "reboot", "running", "off", "no-console" */
    uint32_t starts; /* of the plan that it is the result of */
};

/** Called for each progress line; `context` is the caller's. */
typedef void hypervisor_progress(const struct progress *p, void *context);

/** Run the VMkernel beside this program on `host_dir` to its end. `clock` as given by the user.
 * `progress` may be NULL.
 *  @return its exit status (0 = it did its job); 128 + n when signal n ended it; a code of err.h
 *  with one line in err when it could not be started */
int hypervisor_run(const char *host_dir, const char *clock, hypervisor_progress *progress,
                   void *context, struct err *err);

/** Read HOST/run/result.json. @return 0, or a code of err.h with one line in err */
int hypervisor_result(const char *host_dir, struct hypervisor_result *ret, struct err *err);

/** True for "virtual", "real" and "xN" with N >= 1. */
bool hypervisor_clock_ok(const char *clock);

#endif /* TOOLS_HYPERVISOR_H */
