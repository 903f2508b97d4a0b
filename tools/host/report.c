/* report.c - see report.h. One table of artefacts serves both forms. */
#include "tools/host/report.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <jansson.h>

#include "shared/calendar.h"
#include "tools/scenario/faultexpr.h"

#define PATH_ROOM 4096

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
    char path[PATH_ROOM];

    place_of(a, r->plan, ret, size);
    if (a->of_failure && strcmp(r->result.outcome, "survived") == 0)
        return false;
    return (size_t)snprintf(path, sizeof path, "%s/%s", r->host_dir, ret) < sizeof path &&
           stat(path, ret_st) == 0;
}

bool report_judge(struct report *r)
{
    char core[PATH_ROOM];

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

/* ---- JSON ------------------------------------------------------------------------------------ */

static json_t *artefacts_json(const struct report *r)
{
    json_t *object = json_object();
    for (size_t i = 0; i < ARTEFACTS; i++) {
        char place[PATH_ROOM];
        struct stat st;
        const bool there = find(r, &artefacts[i], place, sizeof place, &st);
        (void)json_object_set_new(object, artefacts[i].key,
                                  there ? json_string(place) : json_null());
    }
    return object;
}

static json_t *unexpected_json(const struct report *r)
{
    json_t *array = json_array();
    for (size_t i = 0; i < r->verdict.count; i++)
        (void)json_array_append_new(array, json_string(r->verdict.reason[i]));
    return array;
}

int report_json(const struct report *r)
{
    char *faults = faultexpr_text(r->plan->boot.fault, r->plan->boot.fault_count);
    json_t *root = json_pack(
        "{s:s, s:s, s:I, s:s, s:s, s:f, s:I, s:f, s:f, s:b, s:s, s:o, s:s, s:s, s:b, s:s, s:s, "
        "s:o}",
        "schema", REPORT_SCHEMA, "scenario", r->scenario->name, "seed", (json_int_t)r->plan->seed,
        "profile", r->plan->profile, "outcome", r->result.outcome, "uptime_s", r->result.uptime_s,
        "beats", (json_int_t)r->result.beats, "virtual_s", r->result.virtual_s, "wall_s", r->wall_s,
        "as_expected", r->verdict.count == 0, "host", r->host_dir, "artefacts", artefacts_json(r),
        "digest", r->digest, "headline", r->result.headline, "stunned", r->result.stunned, "note",
        r->result.note, "faults", faults, "unexpected", unexpected_json(r));
    free(faults);
    if (root == NULL)
        return -1;
    const int status = json_dumpf(root, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(15));
    json_decref(root);
    return status == 0 && fputc('\n', stdout) != EOF ? 0 : -1;
}

/* ---- text ------------------------------------------------------------------------------------ */

static int copy_to_stdout(const struct report *r, const char *place)
{
    char path[PATH_ROOM], buffer[8192];
    size_t got;

    if ((size_t)snprintf(path, sizeof path, "%s/%s", r->host_dir, place) >= sizeof path)
        return -1;
    FILE *f = fopen(path, "re");
    if (f == NULL)
        return -1;
    while ((got = fread(buffer, 1, sizeof buffer, f)) > 0)
        (void)fwrite(buffer, 1, got, stdout);
    (void)fclose(f);
    return 0;
}

static void print_summary(const struct report *r)
{
    char uptime[CALENDAR_UPTIME_SIZE];

    (void)calendar_format_uptime((uint64_t)(r->result.uptime_s * 1000 + 0.5) * 1000000, uptime);
    (void)printf("%s (seed %" PRIu64 "): %s at %s of uptime, %s\n", r->scenario->name,
                 r->plan->seed, r->result.outcome, uptime,
                 r->verdict.count == 0 ? "as the scenario expects."
                                       : "NOT as the scenario expects:");
    for (size_t i = 0; i < r->verdict.count; i++)
        (void)printf("  %s\n", r->verdict.reason[i]);
    char *faults = faultexpr_text(r->plan->boot.fault, r->plan->boot.fault_count);
    if (faults != NULL && *faults != '\0')
        (void)printf("  faults:   %s\n", faults);
    free(faults);
    if (r->result.note[0] != '\0')
        (void)printf("  note:     %s\n", r->result.note);
    (void)printf("  beats:    %" PRIu64
                 "\n  time:     %.0f virtual seconds in %.1f s\n  digest:   %s\n",
                 r->result.beats, r->result.virtual_s, r->wall_s, r->digest);
}

static void print_amount(double bytes)
{
    if (bytes < 1048576)
        (void)printf("%.1f kB", bytes / 1024);
    else
        (void)printf("%.1f MB", bytes / 1048576);
}

static void print_size(const struct stat *st)
{
    const double on_disk = (double)st->st_blocks * 512;

    print_amount((double)st->st_size);
    if (on_disk < 0.9 * (double)st->st_size) {
        (void)printf(" (");
        print_amount(on_disk);
        (void)printf(" on disk)");
    }
}

static void print_left(const struct report *r)
{
    char place[PATH_ROOM];
    struct stat st;

    (void)printf("\nWhat was left in %s:\n", r->host_dir);
    for (size_t i = 0; i < ARTEFACTS; i++) {
        if (!find(r, &artefacts[i], place, sizeof place, &st))
            continue;
        (void)printf("  %s\n      %s, ", place, artefacts[i].what);
        print_size(&st);
        (void)printf("\n");
    }
}

static void print_next(const struct report *r)
{
    char core[PATH_ROOM];
    struct stat st;
    const char *host = r->host_dir;

    (void)printf("\nWhat to type next:\n");
    (void)printf("  tail %s/var/log/vmksummary\n", host);
    if (find(r, &artefacts[0], core, sizeof core, &st))
        (void)printf("  build/bin/lostbeat psod %s\n"
                     "  build/bin/lostbeat diagnose %s\n",
                     host, host);
    if (find(r, &artefacts[1], core, sizeof core, &st)) {
        (void)printf("  gdb -ex 'info threads' build/bin/cos %s/%s\n", host, core);
        (void)printf("  strings %s/%s | sort | uniq -c | sort -rn | head\n", host, core);
    }
}

int report_text(const struct report *r, bool colours)
{
    char place[PATH_ROOM];
    struct stat st;

    if (find(r, &artefacts[0], place, sizeof place, &st)) {
        if (copy_to_stdout(r, colours ? "console/psod.ans" : place) != 0 &&
            copy_to_stdout(r, place) != 0)
            return -1;
        (void)printf("\n");
    }
    print_summary(r);
    print_left(r);
    print_next(r);
    return ferror(stdout) != 0 ? -1 : 0;
}
