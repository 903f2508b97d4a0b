/* vmksummary.c - see vmksummary.h. */
#include "tools/parse/vmksummary.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shared/isodate.h"
#include "tools/parse/memory.h"
#include "tools/parse/purple.h"

#define EPOCH_MAX INT64_C(253402300799) /* the end of year 9999 */
#define HOUR_S 3600
#define PAGE 4096u
#define LATE_S \
    6 /* later than this is worth a finding: OUR CHOICE, healthy hosts are 0 to 1 s late */
#define SLOW_STAMP_S 2 /* OUR CHOICE: healthy hosts take 0 s */
#define ZONE_MAX_S (15 * HOUR_S)
#define STEP_S 90     /* OUR CHOICE: less is drift, and ntpd's slewing */
#define QUARTER_S 900 /* zones are whole quarters of an hour */

/* ---- one line -------------------------------------------------------------------------------- */

static bool read_top(const char **at, struct vmksummary_record *r)
{
    while (*(*at += strspn(*at, " ,")) != '\0') {
        char item[64];
        if (r->top_count == VMKSUMMARY_TOP_MAX || !scan_until(at, ",", item, sizeof item))
            return false;
        char *dash = strrchr(item, '-'); /* names may hold dashes themselves: vmware-h-82812 */
        if (dash == NULL || dash == item || (size_t)(dash - item) >= VMKSUMMARY_NAME_MAX)
            return false;
        const char *digits = dash + 1;
        struct vmksummary_process *p = &r->top[r->top_count];
        uint64_t kb;
        if (!scan_u64(&digits, &kb) || !scan_blanks(&digits) || *digits != '\0' || kb > INT64_MAX)
            return false;
        *dash = '\0';
        memcpy(p->name, item, (size_t)(dash - item) + 1);
        p->kb = (int64_t)kb;
        r->top_count++;
    }
    return true;
}

static bool comma(const char **at)
{
    return scan_blanks(at) && scan_text(at, ",") && scan_blanks(at);
}

/* "vmk loaded, 11798915.64, 11798902.253, 73, 153875, 153875, 567468032, VMap-586196, ..." */
static bool read_hourly(const char *at, struct vmksummary_record *r)
{
    r->kind = VMKSUMMARY_HOURLY;
    return scan_text(&at, "vmk loaded") && comma(&at) && scan_fixed(&at, 3, &r->cos_ms) &&
           comma(&at) && scan_fixed(&at, 3, &r->vmk_ms) && comma(&at) && scan_i64(&at, &r->vms) &&
           comma(&at) && scan_until(&at, ", ", r->vmk_build, sizeof r->vmk_build) && comma(&at) &&
           scan_until(&at, ", ", r->vmm_build, sizeof r->vmm_build) && comma(&at) &&
           scan_u64(&at, &r->swap_raw) && r->swap_raw <= INT64_MAX && scan_blanks(&at) &&
           (*at == ',' || *at == '\0') && read_top(&at, r);
}

/* The ellipsis is one character in the article, in UTF-8 or an old code page, and three dots
 * elsewhere [KB1019238]. */
static bool read_event(const char *at, struct vmksummary_record *r)
{
    static const struct {
        const char *text;
        enum vmksummary_kind kind;
    } events[] = {
        { "Starting system", VMKSUMMARY_STARTING },   { "loaded VMkernel", VMKSUMMARY_LOADED },
        { "VMkernel error", VMKSUMMARY_ERROR },       { "Halting system", VMKSUMMARY_HALTING },
        { "Rebooting system", VMKSUMMARY_REBOOTING },
    };
    for (size_t i = 0; i < sizeof events / sizeof events[0]; i++) {
        if (!scan_text(&at, events[i].text))
            continue;
        r->kind = events[i].kind;
        return at[strspn(at, ". \t?\xe2\x80\xa6\x85")] == '\0';
    }
    return false;
}

/* "2012-01-05T10:00:01Z heartbeat: up 0d17h24m17s, 0 VMs; [[...]...] [[...]...]" [KB2004566] */
static bool read_iso(const char **at, struct vmksummary_record *r)
{
    const char *p = *at;
    if (isodate_read(&p, &r->epoch_s) != 0)
        return false;
    if (scan_text(&p, "."))
        p += strspn(p, "0123456789");
    if (!scan_text(&p, "Z"))
        return false;
    r->late_s = r->stamp_gap_s = INT64_MIN;
    (void)scan_blanks(&p);
    *at = p;
    return true;
}

static bool read_esxi5(const char *at, struct vmksummary_record *r)
{
    uint64_t d, h, m, s;
    if (!read_iso(&at, r))
        return false;
    r->kind = VMKSUMMARY_ESXI5_EVENT;
    if (!scan_text(&at, "heartbeat: up "))
        return scan_text(&at, "bootstop:") || strncmp(at, "boot", 4) == 0;
    r->kind = VMKSUMMARY_ESXI5;
    if (!scan_u64(&at, &d) || !scan_text(&at, "d") || !scan_u64(&at, &h) || !scan_text(&at, "h") ||
        !scan_u64(&at, &m) || !scan_text(&at, "m") || !scan_u64(&at, &s) || d > 1000000 || h > 23 ||
        m > 59 || s > 59)
        return false;
    r->vmk_ms = (((d * 24 + h) * 60 + m) * 60 + s) * 1000;
    return scan_text(&at, "s, ") && scan_i64(&at, &r->vms) && scan_text(&at, " VM");
}

/* "Nov 13 03:01:35 esxhostname logger: (1258099291) hb: ..." @return why not; NULL = understood */
static const char *read_line(const char *at, struct vmksummary_record *r)
{
    char tag[32];
    int64_t epoch;

    if (read_esxi5(at, r))
        return NULL;
    if (!scan_stamp(&at, &r->stamp) || !scan_blanks(&at) ||
        !scan_word(&at, r->host, sizeof r->host) || !scan_blanks(&at) ||
        !scan_until(&at, ":", tag, sizeof tag) || !scan_text(&at, ":"))
        return "not of the form 'Mon dd hh:mm:ss HOST TAG: ...'";
    (void)scan_blanks(&at);
    if (!scan_text(&at, "(") || !scan_i64(&at, &epoch) || epoch < 0 || epoch > EPOCH_MAX ||
        !scan_text(&at, ")"))
        return "no (epoch) where vmksummary has one";
    r->epoch_s = epoch;
    (void)scan_blanks(&at);
    const bool hourly = scan_text(&at, "hb:") && scan_blanks(&at);
    if (hourly ? read_hourly(at, r) : read_event(at, r))
        return NULL;
    return hourly ? "an hourly line that is damaged" : "an event that is not known";
}

static void read_text(struct vmksummary *v, const struct text *t, uint32_t file)
{
    for (uint32_t i = 0; i < t->count; i++) {
        struct vmksummary_record r = { 0 };
        const char *at = t->lines[i].at + strspn(t->lines[i].at, " \t");
        if (*at == '\0')
            continue;
        const char *why = read_line(at, &r);
        if (why != NULL) {
            unparsed_add(&v->unparsed, file, i + 1, why);
            continue;
        }
        r.file = file;
        r.line = i + 1;
        *PARSE_ADD(v->record, v->record_count, v->record_room) = r;
    }
}

/* ---- zone and lateness ----------------------------------------------------------------------- */

static int compare_i64(const void *a, const void *b)
{
    const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static bool is_iso(const struct vmksummary_record *r)
{
    return r->kind == VMKSUMMARY_ESXI5 || r->kind == VMKSUMMARY_ESXI5_EVENT;
}

static int64_t difference(const struct vmksummary_record *r)
{
    return scan_stamp_near(&r->stamp, r->epoch_s) - r->epoch_s;
}

static int64_t nearest_quarter(int64_t s)
{
    const int64_t half = s >= 0 ? QUARTER_S / 2 : -QUARTER_S / 2;
    return (s + half) / QUARTER_S * QUARTER_S;
}

/* The zone is the offset that most lines have: lines of a spliced page disagree with it. */
static void find_zone(struct vmksummary *v)
{
    int64_t *offset = memory_get((v->record_count + 1u) * sizeof *offset);
    uint32_t n = 0, most = 0;

    for (uint32_t i = 0; i < v->record_count; i++) {
        const int64_t d = is_iso(&v->record[i]) ? INT64_MAX : difference(&v->record[i]);
        if (d != INT64_MAX && llabs(d) <= ZONE_MAX_S)
            offset[n++] = nearest_quarter(d);
    }
    qsort(offset, n, sizeof *offset, compare_i64);
    for (uint32_t i = 0, from = 0; i < n; i++) {
        from = offset[i] == offset[from] ? from : i;
        if (i - from + 1 > most) {
            most = i - from + 1;
            v->zone_s = offset[i];
        }
    }
    v->has_zone = n > 0;
    free(offset);
}

static void find_lateness(struct vmksummary *v)
{
    for (uint32_t i = 0; i < v->record_count; i++) {
        struct vmksummary_record *r = &v->record[i];
        if (is_iso(r))
            continue;
        const int64_t gap = difference(r) - v->zone_s;
        r->stamp_gap_s = llabs(gap) < QUARTER_S ? gap : INT64_MIN;
        const int64_t late = (r->stamp.minute * 60 + r->stamp.second) - 61;
        r->late_s = r->kind == VMKSUMMARY_HOURLY ? (late + HOUR_S) % HOUR_S : INT64_MIN;
    }
}

/* ---- the unit of swap ------------------------------------------------------------------------ */

/* -1 = the build says nothing; 3 or 4 = the release that it is of. */
static int release_of(const char *build)
{
    const char *at = build;
    uint64_t number;
    const char *name = scan_u64(&at, &number) ? purple_release_of(number) : NULL;
    return name == NULL || strncmp(name, "ESX ", 4) != 0 ? -1 : name[4] - '0';
}

static void decide_unit(struct vmksummary *v)
{
    uint64_t most = 0;
    bool pages = true;
    int release = -1;

    for (uint32_t i = 0; i < v->record_count; i++) {
        const struct vmksummary_record *r = &v->record[i];
        if (r->kind != VMKSUMMARY_HOURLY)
            continue;
        most = r->swap_raw > most ? r->swap_raw : most;
        pages = pages && r->swap_raw % PAGE == 0;
        release = release > 0 ? release : release_of(r->vmk_build);
    }
    if (v->hourly_count == 0)
        return;
    if (release == 3 && pages) {
        v->unit = VMKSUMMARY_BYTES;
        v->unit_why = "the build is of ESX 3.x, which writes bytes";
    } else if (release == 4) {
        v->unit = VMKSUMMARY_KB;
        v->unit_why = "the build is of ESX 4.x, which writes kB";
    } else if (!pages) {
        v->unit = VMKSUMMARY_KB;
        v->unit_why = "there are values that are no whole pages, so they are not bytes";
    } else if (most > 0) {
        v->unit = VMKSUMMARY_BYTES;
        v->unit_why = "all values are whole pages, as bytes are";
    } else {
        v->unit_why = "no swap was ever used";
    }
}

static void convert_swap(struct vmksummary *v)
{
    for (uint32_t i = 0; i < v->record_count; i++) {
        struct vmksummary_record *r = &v->record[i];
        r->swap_kb = (int64_t)(v->unit == VMKSUMMARY_BYTES ? r->swap_raw / 1024 : r->swap_raw);
    }
}

/* ---- order, boots, findings ------------------------------------------------------------------ */

static int compare_records(const void *a, const void *b)
{
    const struct vmksummary_record *x = a, *y = b;
    if (x->epoch_s != y->epoch_s)
        return x->epoch_s < y->epoch_s ? -1 : 1;
    if (x->file != y->file)
        return x->file < y->file ? -1 : 1;
    return (x->line > y->line) - (x->line < y->line);
}

static void add_finding(struct vmksummary *v, enum vmksummary_finding_kind kind, uint32_t record,
                        int64_t value, const char *text)
{
    struct vmksummary_finding *f = PARSE_ADD(v->finding, v->finding_count, v->finding_room);
    *f = (struct vmksummary_finding){ kind, record, value, text };
}

static bool same_line(const struct vmksummary_record *a, const struct vmksummary_record *b)
{
    return a->kind == b->kind && a->epoch_s == b->epoch_s && a->cos_ms == b->cos_ms &&
           a->vmk_ms == b->vmk_ms && a->swap_raw == b->swap_raw && strcmp(a->host, b->host) == 0;
}

/* Files overlap when a rotated one was copied twice: one of equal lines stays. */
static void drop_duplicates(struct vmksummary *v)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < v->record_count; i++) {
        if (kept > 0 && same_line(&v->record[kept - 1], &v->record[i])) {
            add_finding(v, VMKSUMMARY_DUPLICATE, kept - 1, v->record[i].line, "stands twice");
            continue;
        }
        v->record[kept++] = v->record[i];
    }
    v->record_count = kept;
}

static bool is_hourly(const struct vmksummary_record *r)
{
    return r->kind == VMKSUMMARY_HOURLY || r->kind == VMKSUMMARY_ESXI5;
}

/* What the lines around a restart say of it: the goodbye stands before it, "VMkernel error" behind
 * "Starting system" [KB1019238]. `first` is the first record of the new boot. */
static const char *restart_text(const struct vmksummary *v, uint32_t first)
{
    bool seen[VMKSUMMARY_KINDS] = { false };
    uint32_t i = first;

    while (i > 0 && !is_hourly(&v->record[i - 1]) &&
           v->record[i - 1].boot + 1 == v->record[first].boot)
        seen[v->record[--i].kind] = true;
    for (i = first; i < v->record_count && !is_hourly(&v->record[i]) &&
                    v->record[i].boot == v->record[first].boot;
         i++)
        seen[v->record[i].kind] = true;
    if (seen[VMKSUMMARY_ERROR])
        return "after a purple screen (VMkernel error)";
    if (seen[VMKSUMMARY_HALTING])
        return "after a shutdown";
    if (seen[VMKSUMMARY_REBOOTING])
        return "after a reboot";
    return seen[VMKSUMMARY_STARTING] || seen[VMKSUMMARY_LOADED]
               ? "without a goodbye or VMkernel error: power loss, reset, or a line is missing"
               : "between two hourly lines; no line mentions it";
}

/* A boot begins with "Starting system" (or what comes first of "VMkernel error" and "loaded" when
 * that is missing), or when the uptime falls. */
static void count_boots(struct vmksummary *v)
{
    uint32_t boot = 0;
    uint64_t last_ms = 0;
    bool starting = false; /* an event of a start was seen, and no hourly line since */

    for (uint32_t i = 0; i < v->record_count; i++) {
        struct vmksummary_record *r = &v->record[i];
        const bool hourly = is_hourly(r);
        const bool goodbye = r->kind == VMKSUMMARY_HALTING || r->kind == VMKSUMMARY_REBOOTING;
        const bool start = r->kind == VMKSUMMARY_STARTING || (!hourly && !goodbye && !starting);
        const bool fell = hourly && !starting && r->vmk_ms < last_ms;
        if (i > 0 && ((start && r->kind != VMKSUMMARY_ESXI5_EVENT) || fell))
            boot++;
        starting = !hourly && !goodbye;
        last_ms = hourly ? r->vmk_ms : last_ms;
        r->boot = boot;
    }
    v->boot_count = v->record_count > 0 ? boot + 1 : 0;
}

/* The value of a restart is how long the boot before it is known to have been up, in s. */
static void find_restarts(struct vmksummary *v)
{
    uint64_t up_ms = 0;
    for (uint32_t i = 0; i < v->record_count; i++) {
        if (i > 0 && v->record[i].boot != v->record[i - 1].boot) {
            add_finding(v, VMKSUMMARY_RESTART, i, (int64_t)(up_ms / 1000), restart_text(v, i));
            up_ms = 0;
        }
        if (is_hourly(&v->record[i]))
            up_ms = v->record[i].vmk_ms;
    }
}

/* Two hourly lines in a row. */
static void compare_neighbours(struct vmksummary *v, uint32_t was, uint32_t is)
{
    const struct vmksummary_record *a = &v->record[was], *b = &v->record[is];
    const int64_t wall = b->epoch_s - a->epoch_s;

    if (strcmp(a->host, b->host) != 0)
        add_finding(v, VMKSUMMARY_OTHER_HOST, is, 0, b->host);
    if (strcmp(a->vmk_build, b->vmk_build) != 0)
        add_finding(v, VMKSUMMARY_OTHER_BUILD, is, 0, b->vmk_build);
    if (a->boot != b->boot)
        return;
    const int64_t step = wall - ((int64_t)(b->vmk_ms / 1000) - (int64_t)(a->vmk_ms / 1000));
    if (llabs(step) > STEP_S)
        add_finding(v, VMKSUMMARY_CLOCK_STEP, is, step, "the clock was set");
    if (wall - step > HOUR_S + HOUR_S / 2)
        add_finding(v, VMKSUMMARY_GAP, is, wall - step, "hourly lines are missing");
    if (a->vms > 1 && b->vms * 2 <= a->vms)
        add_finding(v, VMKSUMMARY_VMS, is, b->vms, "virtual machines went away");
}

static void find_in_record(struct vmksummary *v, uint32_t i)
{
    const struct vmksummary_record *r = &v->record[i];
    if (!is_iso(r) && llabs(difference(r) - v->zone_s) >= QUARTER_S)
        add_finding(v, VMKSUMMARY_SPLICED, i, difference(r) - v->zone_s,
                    "epoch and stamp disagree");
    if (r->kind != VMKSUMMARY_HOURLY)
        return;
    if (r->late_s != INT64_MIN && r->late_s > LATE_S)
        add_finding(v, VMKSUMMARY_LATE, i, r->late_s, "later than hh:01:01");
    if (r->stamp_gap_s != INT64_MIN && r->stamp_gap_s >= SLOW_STAMP_S)
        add_finding(v, VMKSUMMARY_SLOW_STAMP, i, r->stamp_gap_s,
                    "from the script's start to the log");
}

/* In a file lines come in order of time; those that do not were put there. */
static void find_order(struct vmksummary *v)
{
    for (uint32_t i = 1; i < v->record_count; i++) {
        const struct vmksummary_record *a = &v->record[i - 1], *b = &v->record[i];
        if (a->file == b->file && b->line < a->line)
            add_finding(v, VMKSUMMARY_ORDER, i, a->line, "stands above a line that is older");
    }
}

static int compare_findings(const void *a, const void *b)
{
    const struct vmksummary_finding *x = a, *y = b;
    if (x->record != y->record)
        return x->record < y->record ? -1 : 1;
    return (x->kind > y->kind) - (x->kind < y->kind);
}

static void find_all(struct vmksummary *v)
{
    uint32_t last = UINT32_MAX;
    for (uint32_t i = 0; i < v->record_count; i++) {
        find_in_record(v, i);
        if (v->record[i].kind != VMKSUMMARY_HOURLY)
            continue;
        if (last != UINT32_MAX)
            compare_neighbours(v, last, i);
        last = i;
    }
    find_order(v);
    find_restarts(v);
    if (v->finding_count > 0)
        qsort(v->finding, v->finding_count, sizeof *v->finding, compare_findings);
}

void vmksummary_parse(const struct text *texts, uint32_t count, struct vmksummary *ret)
{
    struct vmksummary v = { 0 };

    for (uint32_t i = 0; i < count; i++)
        read_text(&v, &texts[i], i);
    if (v.record_count > 0)
        qsort(v.record, v.record_count, sizeof *v.record, compare_records);
    drop_duplicates(&v);
    for (uint32_t i = 0; i < v.record_count; i++) {
        v.hourly_count += v.record[i].kind == VMKSUMMARY_HOURLY;
        v.is_esxi5 = v.is_esxi5 || is_iso(&v.record[i]);
    }
    find_zone(&v);
    find_lateness(&v);
    decide_unit(&v);
    convert_swap(&v);
    count_boots(&v);
    find_all(&v);
    *ret = v;
}

void vmksummary_free(struct vmksummary *v)
{
    free(v->record);
    free(v->finding);
    free(v->unparsed.line);
    *v = (struct vmksummary){ 0 };
}

/* ---- questions ------------------------------------------------------------------------------- */

const char *vmksummary_finding_name(enum vmksummary_finding_kind k)
{
    static const char *const names[VMKSUMMARY_FINDINGS] = { "gap",         "late",    "slow-stamp",
                                                            "clock-step",  "spliced", "order",
                                                            "duplicate",   "restart", "other-host",
                                                            "other-build", "vms-fell" };
    assert(k < VMKSUMMARY_FINDINGS);
    return names[k];
}

int64_t vmksummary_kb_of(const struct vmksummary_record *r, const char *name)
{
    for (uint32_t i = 0; i < r->top_count; i++) {
        if (strcmp(r->top[i].name, name) == 0)
            return r->top[i].kb;
    }
    return -1;
}

bool vmksummary_is(const struct text *t)
{
    for (uint32_t i = 0; i < t->count; i++) {
        struct vmksummary_record r = { 0 };
        if (t->lines[i].at[0] != '\0' && read_line(t->lines[i].at, &r) == NULL)
            return true;
    }
    return false;
}
