/* cmd_boot.c - `lostbeat boot` and `lostbeat reset`: a start of a host, the first one or another,
 * and some time of its life. `boot` then halts it, `reset` leaves it running. */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <jansson.h>

#include "shared/calendar.h"
#include "shared/err.h"
#include "shared/isodate.h"
#include "shared/path.h"
#include "shared/units.h"
#include "tools/cmd/cmd.h"
#include "tools/host/digest.h"
#include "tools/host/host.h"
#include "tools/host/hypervisor.h"
#include "tools/scenario/library.h"
#include "tools/scenario/quantity.h"
#include "tools/host/restart.h"
#include "tools/scenario/scenario.h"
#include "tools/host/skeleton.h"

#define RESET_FOR_NS (24 * NS_PER_HOUR) /* somebody collects a bundle the day after. OUR CHOICE */

struct arguments {
    const struct cmd *cmd;
    const char *host_dir;
    const char *scenario; /* NULL = not given */
    uint64_t seed;
    const char *clock;
    int64_t at_local_s; /* INT64_MIN = not given */
    uint64_t for_ns;
    bool reboot, halt, json;
};

/* ---- what came of it ------------------------------------------------------------------------- */
struct started {
    const struct arguments *a;
    const struct plan *plan;
    struct hypervisor_result result;
    json_t *found; /* lines of the start, for messages */
    char digest[DIGEST_HEX];
};

/* run/start.json; a first start has none. */
static json_t *load_found(const char *host_dir)
{
    char path[PATH_SIZE];
    (void)path_join(path, host_dir, PATH_START);
    json_t *root = json_load_file(path, JSON_REJECT_DUPLICATES, NULL);
    json_t *lines = json_incref(json_object_get(root, "lines"));
    json_decref(root);
    return json_is_array(lines) ? lines : json_array();
}

static bool ended_well(const struct started *s)
{
    return strcmp(s->result.outcome, "survived") == 0 &&
           (strcmp(s->result.end, "halt") == 0 || strcmp(s->result.end, "reboot") == 0 ||
            strcmp(s->result.end, "running") == 0);
}

static void print_start(struct out *o, const struct started *s)
{
    char at[ISODATE_SIZE], uptime[CALENDAR_UPTIME_SIZE];
    size_t i;
    json_t *line;
    isodate_format(s->plan->epoch_boot_s, s->plan->utc_offset_s, at);
    (void)calendar_format_uptime((uint64_t)(s->result.uptime_s * 1000 + 0.5) * 1000000, uptime);
    out_begin(o, "lostbeat/boot/1");
    out_str(o, "host", NULL, s->a->host_dir);
    out_u64(o, "starts", NULL, s->plan->starts);
    out_text(o, "%s: start %u", s->plan->host, s->plan->starts + 1);
    out_str(o, "started", " at %s; ", at);
    out_i64(o, "started_epoch_s", NULL, s->plan->epoch_boot_s);
    out_str(o, "outcome", "%s", s->result.outcome);
    out_real(o, "uptime_s", NULL, s->result.uptime_s);
    out_text(o, " after %s", uptime);
    out_str(o, "end", " (%s)\n", s->result.end);
    out_array(o, "found");
    json_array_foreach (s->found, i, line)
        out_str(o, NULL, "  %s\n", json_string_value(line));
    out_end(o);
    out_str(o, "note", s->result.note[0] != '\0' ? "  note: %s\n" : NULL, s->result.note);
    out_str(o, "digest", NULL, s->digest);
}

static int report(struct started *s)
{
    struct out o = cmd_out(s->a->json);
    s->found = load_found(s->a->host_dir);
    print_start(&o, s);
    json_decref(s->found);
    return cmd_finish(&o, ended_well(s) ? CMD_OK : CMD_BAD);
}

/* ---- the start ------------------------------------------------------------------------------- */
static int start(const struct arguments *a, const struct plan *plan)
{
    struct started s = { .a = a, .plan = plan };
    struct err err = { "" };
    const int status = hypervisor_run(a->host_dir, a->clock, NULL, NULL, &err);
    if (status != 0)
        return cmd_vmkernel_ended(status, a->host_dir, err.text);
    if (hypervisor_result(a->host_dir, &s.result, &err) != 0 ||
        digest_host(a->host_dir, s.digest, &err) != 0)
        return cmd_fail(CMD_BAD, "%s", err.text);
    return report(&s);
}

static enum restart_end end_of(const struct arguments *a)
{
    if (a->reboot)
        return RESTART_REBOOTS;
    return a->halt || a->cmd == &cmd_boot ? RESTART_HALTS : RESTART_RUNS_ON;
}

/* The first start: a scenario says what host it is. */
static int first_start(const struct arguments *a)
{
    char path[PATH_SIZE];
    struct err err = { "no memory" };
    struct scenario *s = calloc(1, sizeof *s);
    struct plan *p = calloc(1, sizeof *p);
    int status;
    if (s == NULL || p == NULL || library_find(a->scenario, path, &err) != 0 ||
        scenario_load_seed(path, a->seed, s, err.text) != 0 ||
        scenario_plan(path, s, a->seed, p, err.text) != 0) {
        status = cmd_fail(CMD_USAGE, "%s", err.text);
    } else {
        if (a->at_local_s != INT64_MIN)
            p->epoch_boot_s = p->boot.epoch_boot_s = a->at_local_s - p->utc_offset_s;
        restart_set_end(p, a->for_ns, end_of(a));
        status = skeleton_create(a->host_dir, p, &err) != 0 ? cmd_fail(CMD_USAGE, "%s", err.text)
                                                            : start(a, p);
    }
    free(s);
    free(p);
    return status;
}

/* What the button does depends on what the host shows. @return NULL or what to do instead */
static const char *wrong_button(const struct arguments *a, const struct restart *r)
{
    const bool reset = a->cmd == &cmd_reset;
    if (!reset && strcmp(r->result.end, "purple") == 0)
        return "it stands with a purple screen; `lostbeat reset` starts it again";
    if (reset && (strcmp(r->result.end, "halt") == 0 || strcmp(r->result.end, "reboot") == 0))
        return "it was shut down and is off; `lostbeat boot` starts it";
    return NULL;
}

static int restart_at(const struct arguments *a, struct restart *r)
{
    char now[32];
    struct err err = { "" };
    const char *wrong = wrong_button(a, r);
    if (wrong != NULL)
        return cmd_fail(CMD_USAGE, "%s: %s", a->host_dir, wrong);
    const int64_t epoch_s =
        a->at_local_s != INT64_MIN ? a->at_local_s - r->plan->utc_offset_s : restart_default_s(r);
    if (epoch_s <= r->clock_s) {
        isodate_format(r->clock_s, r->plan->utc_offset_s, now);
        return cmd_fail(CMD_USAGE, "--at: %s: its clock stands at %s already", a->host_dir, now);
    }
    restart_advance(r, epoch_s);
    restart_set_end(r->plan, a->for_ns, end_of(a));
    if (restart_save(a->host_dir, r, &err) != 0)
        return cmd_fail(CMD_USAGE, "%s", err.text);
    return start(a, r->plan);
}

static int boot(const struct arguments *a)
{
    struct restart r;
    struct err err = { "" };
    if (!host_has(a->host_dir, PATH_PLAN)) {
        if (a->cmd == &cmd_reset)
            return cmd_fail(CMD_USAGE, "%s: no host: there is no " PATH_PLAN, a->host_dir);
        if (a->scenario == NULL)
            return cmd_fail(CMD_USAGE,
                            "%s: no host yet; --scenario says what host to make, e.g. healthy",
                            a->host_dir);
        return first_start(a);
    }
    if (a->scenario != NULL)
        return cmd_fail(CMD_USAGE, "%s: is a host already; --scenario is for its first start",
                        a->host_dir);
    if (restart_load(a->host_dir, &r, &err) != 0)
        return cmd_fail(CMD_USAGE, "%s", err.text);
    const int status = restart_at(a, &r);
    restart_free(&r);
    return status;
}

/* ---- the command line ------------------------------------------------------------------------ */
static const char *take_at(void *member, const char *text)
{
    return quantity_date(text, member) == 0 ? NULL : "'YYYY-MM-DD HH:MM:SS' of the host's clock";
}

static const char *take_for(void *member, const char *text)
{
    uint64_t *ret_ns = member;
    int64_t ns;
    if (quantity_duration(text, &ns) != 0 || ns < 0 || ns > INT64_MAX / 4)
        return "a duration such as 90s, 2h or 42d14h";
    *ret_ns = (uint64_t)ns;
    return NULL;
}

static int run(const struct cmd *cmd, int argc, char **argv)
{
    struct arguments a = { .cmd = cmd,
                           .seed = 1,
                           .clock = "virtual",
                           .at_local_s = INT64_MIN,
                           .for_ns = cmd == &cmd_reset ? RESET_FOR_NS : 0 };
    const int status = cmd_options(cmd, argc, argv, &a);
    if (status != CMD_GO)
        return status;
    a.host_dir = argv[optind];
    return *a.host_dir != '\0' ? boot(&a) : cmd_usage(cmd, "which host directory?");
}

static int run_boot(int argc, char **argv)
{
    return run(&cmd_boot, argc, argv);
}

static int run_reset(int argc, char **argv)
{
    return run(&cmd_reset, argc, argv);
}

static const struct cmd_option options[] = {
    CMD_TEXT(
        "scenario", 0, "S", scenario,
        "for the first start, in a directory that is empty or not there: what host this is and "
        "what goes wrong on it, from `lostbeat list` or a file"),
    CMD_TAKE("seed", 0, "N", seed, cmd_take_seed, "likewise; default 1"),
    CMD_TAKE("at", 0, "T", at_local_s, take_at,
             "when, by the host's own clock: 'YYYY-MM-DD HH:MM:SS'; later than its last run"),
    CMD_TAKE("for", 0, "D", for_ns, take_for,
             "how long it runs after the start scripts: 90s, 2h, 42d14h. Default: `boot` not at "
             "all, `reset` 24h"),
    CMD_FLAG("halt", 0, halt, "at the end: press the power button; `boot` always does"),
    CMD_FLAG("reboot", 0, reboot,
             "at the end: reboot instead of halt; the next `boot` is then the start after it"),
    CMD_TAKE("clock", 0, "C", clock, cmd_take_clock,
             "virtual (default), real or xN, as in `lostbeat run`"),
    CMD_JSON(
        "one object: schema \"lostbeat/boot/1\", host, starts, started, outcome, end, uptime_s, "
        "found, note, digest"),
    CMD_OPTIONS_END,
};

#define EXIT_STATUS \
    "Exit status: 0 it ran so long, 1 it did not get so far, 2 wrong usage or input."

const struct cmd cmd_boot = {
    .name = "boot",
    .summary = "starts a host, runs it for some time and halts it",
    .usage = "DIR [--scenario SCENARIO [--seed N]] [--at T] [--for D] [--reboot]\n[--clock C] "
             "[--json]",
    .about =
        "Starts the host in DIR, lets it run until `loaded VMkernel` (and D more), then presses "
        "its power button: the console shuts down. A start looks at the dump slots and the "
        "datastore and brings to safety what a failure left there: /root/vmkernel-zdump-*, "
        "/root/old_cores/cos-core-*.gz; /var/log/messages names it.",
    .options = options,
    .more = "  lostbeat boot hosts/a --scenario healthy --for 2d\n"
            "  lostbeat boot hosts/a --at '2009-10-05 08:00:00' --for 30d\n\n" EXIT_STATUS,
    .operand = "host directory",
    .least = 1,
    .most = 1,
    .run = run_boot,
};

const struct cmd cmd_reset = {
    .name = "reset",
    .summary = "presses the reset button of a host, after a purple screen",
    .usage = "DIR [--at T] [--for D] [--halt | --reboot] [--clock C] [--json]",
    .about = "Starts the host in DIR again after a purple screen or after it was cut off, as "
             "`lostbeat boot` does one that was shut down. Without --at that is 10 to 30 minutes "
             "after the dump. The host runs on for a day, its virtual machines start again, and "
             "its files are those of a running host; the next start cuts it off.",
    .options = options + 2, /* no scenario and no seed: those of the host */
    .more = "  lostbeat run kb-308590 --host hosts/kb\n"
            "  lostbeat reset hosts/kb --at '2009-11-13 07:13:58'\n"
            "  ls hosts/kb/root hosts/kb/root/old_cores; tail "
            "hosts/kb/var/log/vmksummary\n\n" EXIT_STATUS,
    .operand = "host directory",
    .least = 1,
    .most = 1,
    .run = run_reset,
};
