/* restart.c - see restart.h. */
#include "tools/host/restart.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "shared/fault_clock.h"
#include "shared/path.h"
#include "shared/rng.h"
#include "shared/units.h"
#include "tools/host/host.h"
#include "tools/host/hostclock.h"

/* [KB1019238]: from "Rebooting system" and "Halting system" to "Starting system". */
#define REBOOT_S 92
#define HALT_S 132
/* Somebody comes to look, reads the screen and presses the button: 10 to 30 minutes. OUR CHOICE */
#define RESET_S_MIN 600
#define RESET_S_MORE 1200

/* ---- the last run ---------------------------------------------------------------------------- */
/* A host that a VMkernel runs belongs to it. */
static int check_idle(const char *host_dir, struct err *err)
{
    char path[PATH_SIZE];
    if (host_path(host_dir, PATH_LOCK, path, err) != 0)
        return -1;
    const int fd = open(path, O_RDWR | O_CLOEXEC);
    if (fd < 0)
        return 0; /* it was never started */
    const int busy = flock(fd, LOCK_EX | LOCK_NB);
    (void)close(fd);
    if (busy == 0)
        return 0;
    return err_set(err, -EBUSY, "%s: it runs already", host_dir);
}

int restart_load(const char *host_dir, struct restart *ret, struct err *err)
{
    char path[PATH_SIZE];
    struct err ignored;
    struct restart r = { .plan = calloc(1, sizeof *r.plan) };
    if (r.plan == NULL) {
        return err_set(err, -ENOMEM, "no memory");
    }
    if (host_path(host_dir, PATH_PLAN, path, err) != 0 || check_idle(host_dir, err) != 0 ||
        plan_load(path, r.plan, err) != 0) {
        restart_free(&r);
        return -1;
    }
    /* A result of an earlier start says nothing of the last one, which then was cut off. */
    r.ended =
        hypervisor_result(host_dir, &r.result, &ignored) == 0 && r.result.starts == r.plan->starts;
    r.clock_s = r.plan->epoch_boot_s + (r.ended ? (int64_t)r.result.virtual_s : 0);
    if (!r.ended) {
        memset(&r.result, 0, sizeof r.result);
        const int64_t told_s = hostclock_s(host_dir);
        if (told_s > r.clock_s)
            r.clock_s = told_s;
    }
    *ret = r;
    return 0;
}

void restart_free(struct restart *r)
{
    free(r->plan);
    r->plan = NULL;
}

static uint64_t first_seed(const struct plan *p)
{
    return p->starts == 0 ? p->seed : p->first_seed;
}

int64_t restart_default_s(const struct restart *r)
{
    const int64_t clock_s = r->clock_s + 1;
    if (strcmp(r->result.end, "reboot") == 0)
        return clock_s + REBOOT_S;
    if (strcmp(r->result.end, "halt") == 0)
        return clock_s + HALT_S;
    struct rng rng;
    rng_init(&rng, rng_hash(first_seed(r->plan), r->plan->starts), "reset");
    return clock_s + RESET_S_MIN + (int64_t)rng_below(&rng, RESET_S_MORE);
}

static uint32_t after(const struct restart *r)
{
    if (strcmp(r->result.end, "purple") == 0)
        return BOOT_AFTER_PURPLE;
    if (strcmp(r->result.end, "halt") == 0)
        return BOOT_AFTER_HALT;
    return strcmp(r->result.end, "reboot") == 0 ? BOOT_AFTER_REBOOT : BOOT_AFTER_POWER_LOSS;
}

/* ---- faults ---------------------------------------------------------------------------------- */
/* Move a fault to the new clock, which starts `shift_ns` after the old one. @return false when all
 * its times began before. */
static bool shift_fault(struct fault *f, uint64_t shift_ns)
{
    if (fault_side(f) == FAULT_SIDE_DISKS)
        return f->type == FAULT_DUMP_MOVE_FAIL;
    const uint32_t past = fault_times_before(f, shift_ns);
    const uint64_t next_ns = fault_begins_ns(f, past);
    if (next_ns == FAULT_NEVER)
        return false;
    f->at_ns = next_ns - shift_ns;
    f->times -= f->times != 0 ? past : 0;
    return true;
}

/* dump-move-fail is about the start that follows the run in which it stands, and about `count` of
 * them if it names a number. */
static bool spend_move_fail(struct fault *f, uint32_t starts)
{
    const uint64_t most = f->count != 0 ? f->count : 1;
    return f->type != FAULT_DUMP_MOVE_FAIL || starts <= most;
}

static void shift_faults(struct plan *p, uint64_t shift_ns)
{
    struct boot_params *b = &p->boot;
    uint32_t kept = 0;
    for (uint32_t i = 0; i < b->fault_count; i++) {
        struct fault f = b->fault[i];
        if (shift_fault(&f, shift_ns) && spend_move_fail(&f, p->starts))
            b->fault[kept++] = f;
    }
    for (uint32_t i = kept; i < b->fault_count; i++)
        memset(&b->fault[i], 0, sizeof b->fault[i]);
    b->fault_count = kept;
}

/* ---- the next start -------------------------------------------------------------------------- */
void restart_advance(struct restart *r, int64_t epoch_s)
{
    struct plan *p = r->plan;
    assert(epoch_s > p->epoch_boot_s);
    const uint64_t shift_ns = (uint64_t)(epoch_s - p->epoch_boot_s) * NS_PER_S;
    p->after = after(r);
    p->first_seed = first_seed(p);
    p->starts++;
    p->seed = rng_hash(p->first_seed, p->starts) & INT64_MAX; /* it goes into JSON */
    p->epoch_boot_s = p->boot.epoch_boot_s = epoch_s;
    shift_faults(p, shift_ns);
}

void restart_set_end(struct plan *plan, uint64_t for_ns, enum restart_end end)
{
    const uint64_t end_ns = plan->boot.cos_start_ns + RESTART_LOADED_NS + for_ns;
    plan->power_ns = end == RESTART_RUNS_ON ? 0 : end_ns;
    plan->duration_ns = end == RESTART_RUNS_ON ? end_ns : end_ns + RESTART_HALT_MAX_NS;
    plan->reboot = end == RESTART_REBOOTS ? 1 : 0;
}

/* A record of the last run gets its number: a hard link, so that the name in use is never gone. */
static int keep(const char *host_dir, const char *name, uint32_t number, struct err *err)
{
    char from[PATH_SIZE], to[PATH_SIZE], numbered[64], file[64];
    (void)snprintf(numbered, sizeof numbered, PATH_RUN "/%s-%u.json", name, number);
    (void)snprintf(file, sizeof file, PATH_RUN "/%s.json", name);
    if (host_path(host_dir, file, from, err) != 0 || host_path(host_dir, numbered, to, err) != 0)
        return -1;
    if (link(from, to) == 0 || errno == EEXIST || errno == ENOENT)
        return 0;
    return err_file(err, -errno, to);
}

int restart_save(const char *host_dir, const struct restart *r, struct err *err)
{
    char path[PATH_SIZE];
    assert(r->plan->starts > 0);
    const uint32_t last = r->plan->starts - 1;
    if (keep(host_dir, "plan", last, err) != 0 ||
        (r->ended && keep(host_dir, "result", last, err) != 0) ||
        host_path(host_dir, PATH_PLAN, path, err) != 0)
        return -1;
    return plan_save(path, r->plan, err);
}
