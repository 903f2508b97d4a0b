/* cmd_run.c - `lostbeat run`: a host is made, started, watched to its end and reported on. */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "shared/calendar.h"
#include "shared/err.h"
#include "tools/cmd/cmd.h"
#include "tools/host/hypervisor.h"
#include "tools/scenario/library.h"
#include "tools/host/report.h"
#include "tools/scenario/scenario.h"
#include "tools/host/skeleton.h"

struct arguments {
    const char *scenario;
    uint64_t seed;
    const char *host_dir; /* NULL = ./hosts/SCENARIO-SEED */
    const char *clock;
    struct cmd_texts faults; /* what --fault says */
    bool json;
};

static double wall_s(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* ---- the progress line ----------------------------------------------------------------------- */

struct ticker {
    const struct plan *plan;
    double next_s; /* when to draw again */
};
#define TICKER_PERIOD_S 0.1

static void draw_progress(const struct progress *p, void *context)
{
    struct ticker *t = context;
    struct calendar_date date;
    char stamp[CALENDAR_SYSLOG_SIZE], uptime[CALENDAR_UPTIME_SIZE];

    if (wall_s() < t->next_s && p->phase == PROGRESS_RUNNING)
        return;
    t->next_s = wall_s() + TICKER_PERIOD_S;
    calendar_from_epoch(t->plan->epoch_boot_s + (int64_t)(p->now_ns / 1000000000u),
                        t->plan->utc_offset_s, &date);
    calendar_format_syslog(&date, stamp);
    (void)calendar_format_uptime(p->now_ns, uptime);
    (void)fprintf(stderr, "\r\033[K%s  up %s  %" PRIu64 " beats", stamp, uptime, p->beats);
    if (p->swap_kb != 0)
        (void)fprintf(stderr, "  swap used %" PRIu64 " of %" PRIu64 " kB",
                      p->swap_kb - p->swap_free_kb, p->swap_kb);
    if (p->free_kb != 0)
        (void)fprintf(stderr, "  free %" PRIu64 " kB", p->free_kb);
    if (p->alarm_min != 0)
        (void)fprintf(stderr, "  no beat for %" PRIu64 " min", p->alarm_min);
    if (p->phase != PROGRESS_RUNNING)
        (void)fprintf(stderr, "  %s", progress_phase_name(p->phase));
}

/* ---- the run --------------------------------------------------------------------------------- */

/* Starts the VMkernel and fills the report. */
static int simulate(const struct arguments *a, struct report *r)
{
    struct ticker ticker = { r->plan, 0 };
    const bool terminal = isatty(STDERR_FILENO) == 1;
    struct err err = { "" };

    const double start_s = wall_s();
    const int status =
        hypervisor_run(r->host_dir, a->clock, terminal ? draw_progress : NULL, &ticker, &err);
    r->wall_s = wall_s() - start_s;
    if (terminal)
        (void)fputs("\r\033[K", stderr);
    if (status != 0)
        return cmd_vmkernel_ended(status, r->host_dir, err.text);
    if (hypervisor_result(r->host_dir, &r->result, &err) != 0 ||
        digest_host(r->host_dir, r->digest, &err) != 0)
        return cmd_fail(CMD_BAD, "%s", err.text);
    return CMD_OK;
}

static int run_planned(const struct arguments *a, const struct scenario *s, const struct plan *p)
{
    char host_dir[PATH_SIZE];
    struct err err;
    struct report r = { .scenario = s, .plan = p, .host_dir = host_dir };

    if (a->host_dir != NULL)
        (void)snprintf(host_dir, sizeof host_dir, "%s", a->host_dir);
    else
        (void)snprintf(host_dir, sizeof host_dir, "./hosts/%s-%" PRIu64, p->scenario, p->seed);
    if (skeleton_create(host_dir, p, &err) != 0)
        return cmd_fail(CMD_USAGE, "%s", err.text);
    if (skeleton_note_drawn(host_dir, s, &err) != 0)
        return cmd_fail(CMD_USAGE, "%s", err.text);
    const int status = simulate(a, &r);
    if (status != CMD_OK)
        return status;
    const bool expected = report_judge(&r);
    struct out o = cmd_out(a->json);
    report_print(&r, &o);
    return cmd_finish(&o, expected ? CMD_OK : CMD_BAD);
}

/* Adds what --fault says to the scenario's own faults; "none" drops what there is so far. */
static int add_faults(const struct arguments *a, struct scenario *s, char *err)
{
    for (size_t i = 0; i < a->faults.count; i++) {
        const char *line = a->faults.text[i];
        if (strcmp(line, "none") == 0)
            s->faults.count = 0;
        else if (faultspec_read("--fault", line, &s->faults, err, SCENARIO_ERROR_MAX) != 0)
            return -1;
    }
    return 0;
}

static int run_scenario(const struct arguments *a)
{
    char path[PATH_SIZE];
    struct err err = { "no memory" };
    struct scenario *s = calloc(1, sizeof *s);
    struct plan *p = calloc(1, sizeof *p);
    int status;

    if (s == NULL || p == NULL || library_find(a->scenario, path, &err) != 0 ||
        scenario_load_seed(path, a->seed, s, err.text) != 0 || add_faults(a, s, err.text) != 0 ||
        scenario_plan(path, s, a->seed, p, err.text) != 0)
        status = cmd_fail(CMD_USAGE, "%s", err.text);
    else
        status = run_planned(a, s, p);
    free(s);
    free(p);
    return status;
}

/* ---- the command line ------------------------------------------------------------------------ */

static int run(int argc, char **argv)
{
    struct arguments a = { .seed = 1, .clock = "virtual" };
    const int status = cmd_options(&cmd_run, argc, argv, &a);
    if (status != CMD_GO)
        return status;
    a.scenario = argv[optind];
    if (a.host_dir != NULL && *a.host_dir == '\0')
        return cmd_usage(&cmd_run, "--host wants a directory");
    return run_scenario(&a);
}

static const struct cmd_option options[] = {
    CMD_TAKE(
        "seed", 0, "N", seed, cmd_take_seed,
        "varies timing and contents, not sizes; the same seed gives the same bytes. Default 1"),
    CMD_TEXT("host", 0, "DIR", host_dir,
             "the host directory; it must not be there or be empty. Default ./hosts/SCENARIO-SEED"),
    CMD_TAKE("clock", 0, "C", clock, cmd_take_clock,
             "virtual: from event to event, weeks in seconds (default); real: as the clock on the "
             "wall; xN: N times as fast as that. The events are the same"),
    CMD_TEXTS(
        "fault", 0, "LINE", faults,
        "adds faults to the scenario's own, e.g. 'stop target=vmnixhbd at=1h for=20m then kill "
        "target=VMap'; 'none' drops the scenario's. run/faults in the host has all as one such "
        "line"),
    CMD_JSON("one object: schema \"lostbeat/run/1\", scenario, seed, profile, outcome, uptime_s, "
             "beats, virtual_s, wall_s, as_expected, host, artefacts, digest, faults, unexpected"),
    CMD_OPTIONS_END,
};

const struct cmd cmd_run = {
    .name = "run",
    .summary = "boots a host and runs a scenario to its end",
    .usage =
        "SCENARIO [--seed N] [--host DIR] [--clock virtual|real|xN]\n[--fault LINE]... [--json]",
    .about =
        "Makes a host directory, boots the host in it and runs the scenario to its end; then "
        "shows the screen, a summary, what was left where, and what to type next. SCENARIO is a "
        "name from `lostbeat list`, or a file (a path with a '/' or ending in .yaml).",
    .options = options,
    .more =
        "Exit status: 0 the run ended as the scenario says, 1 it did not, 2 wrong usage or input.",
    .operand = "scenario",
    .least = 1,
    .most = 1,
    .run = run,
};
