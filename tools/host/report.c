/* report.c - see report.h. */
#include "tools/host/report.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "shared/calendar.h"
#include "shared/io.h"
#include "shared/path.h"
#include "shared/screen.h"
#include "tools/scenario/faultspec.h"

/* By CONTRACT: the key, the place, and whether it is there only after a failure. {uuid} and {host}
 * are replaced. */
static const struct artefact {
    const char *key, *place, *what;
    bool of_failure;
} artefacts[] = {
    { "psod", "console/psod.txt", "the purple screen (psod.ans: in colours)", true },
    { "cos_core", "vmfs/volumes/{uuid}/cos-core-{host}", "core of the service console, for gdb",
      true },
    { "zdump", "dev/vmkcore", "dump partition with the VMkernel's own dump", true },
    { "vmksummary", "var/log/vmksummary", "one line an hour: swap and the three biggest programs",
      false },
    { "vmkernel_log", "var/log/vmkernel", "log of the VMkernel", false },
    { "messages", "var/log/messages", "syslog of the service console", false },
};
#define ARTEFACTS (sizeof artefacts / sizeof artefacts[0])

static void place_of(const struct artefact *a, const struct plan *p, char *ret, size_t size)
{
    if (strchr(a->place, '{') != NULL)
        (void)snprintf(ret, size, "vmfs/volumes/%s/cos-core-%s", p->datastore_uuid, p->host);
    else
        (void)snprintf(ret, size, "%s", a->place);
}

/* Where an artefact lies, relative to the host. @return false when this run left none */
static bool find(const struct report *r, const struct artefact *a, char *ret, size_t size,
                 struct stat *ret_st)
{
    char path[PATH_SIZE];

    place_of(a, r->plan, ret, size);
    if (a->of_failure && strcmp(r->result.outcome, "survived") == 0)
        return false;
    return path_join(path, r->host_dir, ret) == 0 && stat(path, ret_st) == 0;
}

bool report_judge(struct report *r)
{
    char core[PATH_SIZE];

    place_of(&artefacts[1], r->plan, core, sizeof core);
    const struct expect_seen seen = {
        .host_dir = r->host_dir,
        .cos_core = core,
        .outcome = r->result.outcome,
        .uptime_ns = (int64_t)(r->result.uptime_s * 1e9),
    };
    expect_judge(&r->scenario->expect, &seen, &r->verdict);
    return r->verdict.count == 0;
}

/* The screen as it stands, bytes that colour it included. @return 0 or -1 */
static int copy_screen(const struct report *r, struct out *o, const char *place)
{
    char path[PATH_SIZE], *screen;
    size_t length;
    if (path_join(path, r->host_dir, place) != 0 ||
        io_read_file(path, SCREEN_ANSI_MAX, &screen, &length) != 0)
        return -1;
    out_text(o, "%s\n", screen);
    free(screen);
    return 0;
}

static void print_summary(const struct report *r, struct out *o)
{
    char uptime[CALENDAR_UPTIME_SIZE];
    char *faults = faultspec_text(r->plan->boot.fault, r->plan->boot.fault_count);
    const bool has_faults = faults != NULL && *faults != '\0', expected = r->verdict.count == 0;

    (void)calendar_format_uptime((uint64_t)(r->result.uptime_s * 1000 + 0.5) * 1000000, uptime);
    out_str(o, "scenario", "%s", r->scenario->plan.scenario);
    out_u64(o, "seed", " (seed %llu): ", r->plan->seed);
    out_str(o, "profile", NULL, r->plan->profile);
    out_str(o, "outcome", "%s", r->result.outcome);
    out_real(o, "uptime_s", NULL, r->result.uptime_s);
    out_text(o, " at %s of uptime, %s\n", uptime,
             expected ? "as the scenario expects." : "NOT as the scenario expects:");
    out_bool(o, "as_expected", expected);
    out_array(o, "unexpected");
    for (size_t i = 0; i < r->verdict.count; i++)
        out_str(o, NULL, "  %s\n", r->verdict.reason[i]);
    out_end(o);
    out_str(o, "headline", NULL, r->result.headline);
    out_bool(o, "stunned", r->result.stunned);
    out_str(o, "faults", has_faults ? "  faults:   %s\n" : NULL, faults);
    out_str(o, "note", r->result.note[0] != '\0' ? "  note:     %s\n" : NULL, r->result.note);
    out_u64(o, "beats", "  beats:    %llu\n", r->result.beats);
    out_real(o, "virtual_s", "  time:     %.0f virtual seconds", r->result.virtual_s);
    out_real(o, "wall_s", " in %.1f s\n", r->wall_s);
    out_str(o, "digest", "  digest:   %s\n", r->digest);
    free(faults);
}

static void print_amount(struct out *o, double bytes)
{
    if (bytes < 1048576)
        out_text(o, "%.1f kB", bytes / 1024);
    else
        out_text(o, "%.1f MB", bytes / 1048576);
}

static void print_size(struct out *o, const struct stat *st)
{
    const double on_disk = (double)st->st_blocks * 512;

    print_amount(o, (double)st->st_size);
    if (on_disk < 0.9 * (double)st->st_size) {
        out_text(o, " (");
        print_amount(o, on_disk);
        out_text(o, " on disk)");
    }
    out_text(o, "\n");
}

static void print_left(const struct report *r, struct out *o)
{
    char place[PATH_SIZE];
    struct stat st;

    out_str(o, "host", "\nWhat was left in %s:\n", r->host_dir);
    out_object(o, "artefacts");
    for (size_t i = 0; i < ARTEFACTS; i++) {
        const bool there = find(r, &artefacts[i], place, sizeof place, &st);
        out_str(o, artefacts[i].key, "  %s\n", there ? place : NULL);
        if (!there)
            continue;
        out_text(o, "      %s, ", artefacts[i].what);
        print_size(o, &st);
    }
    out_end(o);
}

static void print_next(const struct report *r, struct out *o)
{
    char core[PATH_SIZE];
    struct stat st;
    const char *host = r->host_dir;

    out_text(o, "\nWhat to type next:\n");
    out_text(o, "  tail %s/var/log/vmksummary\n", host);
    if (find(r, &artefacts[0], core, sizeof core, &st))
        out_text(o,
                 "  build/bin/lostbeat psod %s\n"
                 "  build/bin/lostbeat diagnose %s\n",
                 host, host);
    if (find(r, &artefacts[1], core, sizeof core, &st)) {
        out_text(o, "  gdb -ex 'info threads' build/bin/cos %s/%s\n", host, core);
        out_text(o, "  strings %s/%s | sort | uniq -c | sort -rn | head\n", host, core);
    }
}

void report_print(const struct report *r, struct out *o)
{
    char place[PATH_SIZE];
    struct stat st;

    out_begin(o, REPORT_SCHEMA);
    if (!o->json && find(r, &artefacts[0], place, sizeof place, &st) &&
        (!o->colour || copy_screen(r, o, PATH_SCREEN_ANSI) != 0))
        (void)copy_screen(r, o, place);
    print_summary(r, o);
    print_left(r, o);
    print_next(r, o);
}
