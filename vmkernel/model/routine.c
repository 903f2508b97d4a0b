/* routine.c - see routine.h. */
#include "vmkernel/model/routine.h"

#include <assert.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "shared/calendar.h"
#include "shared/rng.h"
#include "shared/units.h"

#define LUNS 6u /* of the array: vmhba1:0:0 to vmhba1:0:5; the datastore is on LUN 1 */
#define BOOT_NS (26 * NS_PER_S) /* the start scripts say "loaded VMkernel" after 33 s or more */
#define EVENTS_MIN 14u
#define EVENTS_MORE 56u
#define HOURS_WEIGHT 1228u  /* sum of hour_weight[] */
#define GROUP_MS_MAX 2500u  /* between two lines of one event */
#define EVENT_MS_MAX 50000u /* when in its minute an event begins */
#define FIRST_MINUTE 15u    /* of routine: a host that has just booted has its hands full */

_Static_assert(EVENT_MS_MAX + (ROUTINE_GROUP_MAX - 1) * (GROUP_MS_MAX + 1) < 60000,
               "an event ends in its minute");

/* How likely an event is, by the hour of the host's clock. */
static const uint8_t hour_weight[24] = { 90, 110, 110, 100, 60, 20, 20, 30, 60, 70, 70, 60,
                                         50, 60,  60,  60,  50, 40, 25, 20, 20, 18, 15, 10 };

static void __attribute__((format(printf, 2, 3)))
say(struct routine_line *line, const char *format, ...)
{
    va_list ap;
    va_start(ap, format);
    const int n = vsnprintf(line->text, sizeof line->text, format, ap);
    va_end(ap);
    assert(n > 0 && (size_t)n < sizeof line->text);
}

/* ---- the boot -------------------------------------------------------------------------------- */
static const char *const modules[] = { "vmklinux", "vmkapimod", "mptscsi_2xx", "qla2300_7xx",
                                       "tg3",      "e1000",     "vmfs3",       "etherswitch",
                                       "shaper",   "tcpip",     "migration" };
static const char *const devices[] = {
    "PCI: 1412: 00:08.0 1000:0054 -> mptscsi_2xx, vmhba0",
    "PCI: 1412: 0c:00.0 1077:2432 -> qla2300_7xx, vmhba1",
    "PCI: 1412: 0d:00.0 1077:2432 -> qla2300_7xx, vmhba2",
    "PCI: 1412: 03:00.0 14e4:164c -> tg3, vmnic0",
    "PCI: 1412: 05:00.0 14e4:164c -> tg3, vmnic1",
    "PCI: 1412: 0e:00.0 8086:105e -> e1000, vmnic2",
    "PCI: 1412: 0e:00.1 8086:105e -> e1000, vmnic3",
};
#define COUNT(a) ((uint32_t)(sizeof(a) / sizeof(a)[0]))
#define UPLINKS 4u

/* The boot's lines are parts, each with so many lines of a kind. */
static void say_memory(const struct routine *r, uint32_t n, struct routine_line *line)
{
    (void)n;
    say(line, "MemMap: 391: %" PRIu32 " MB of lowest memory kept for the service console",
        r->host.ram_mb);
}

static void say_product(const struct routine *r, uint32_t n, struct routine_line *line)
{
    (void)n;
    say(line, "Init: 118: %.120s", r->host.product);
}

static void say_cpu(const struct routine *r, uint32_t n, struct routine_line *line)
{
    line->pcpu = n;
    say(line, "Cpu: 258: pcpu %" PRIu32 " of %" PRIu32 " started, APIC id 0x%02" PRIx32, n,
        r->host.pcpus, n);
}

static void say_device(const struct routine *r, uint32_t n, struct routine_line *line)
{
    (void)r;
    say(line, "%s", devices[n]);
}

static void say_module(const struct routine *r, uint32_t n, struct routine_line *line)
{
    (void)r;
    say(line, "Mod: 1413: Initialization for %s succeeded with module ID %" PRIu32 ".", modules[n],
        n + 1);
}

static void say_lun(const struct routine *r, uint32_t n, struct routine_line *line)
{
    (void)r;
    if (n == 0)
        say(line, "ScsiScan: 395: Path vmhba0:0:0: Vendor: LSILOGIC Model: Logical Volume Rev: "
                  "3000");
    else
        say(line, "ScsiScan: 395: Path vmhba1:0:%" PRIu32 ": Vendor: DGC Model: RAID 5 Rev: 0326",
            n - 1);
}

static void say_volume(const struct routine *r, uint32_t n, struct routine_line *line)
{
    (void)n;
    say(line, "FS3: 2062: mounted volume %.60s on vmhba1:0:1:1", r->host.datastore);
}

static void say_link(const struct routine *r, uint32_t n, struct routine_line *line)
{
    (void)r;
    say(line, "<6>%s: vmnic%" PRIu32 ": Link is up at 1000 Mbps, full duplex.",
        n < 2 ? "tg3" : "e1000", n);
}

static void say_console(const struct routine *r, uint32_t n, struct routine_line *line)
{
    (void)n;
    say(line, "Host: 3257: service console has pcpu 0 and %" PRIu32 " MB", r->host.ram_mb);
}

static const struct part {
    uint32_t count; /* 0 = one for each pCPU */
    void (*say)(const struct routine *r, uint32_t n, struct routine_line *line);
} boot[] = {
    { 1, say_product },
    { 1, say_memory },
    { 0, say_cpu },
    { 1, say_console },
    { COUNT(devices), say_device },
    { COUNT(modules), say_module },
    { 1 + LUNS, say_lun },
    { 1, say_volume },
    { UPLINKS, say_link },
};

static uint32_t part_lines(const struct routine *r, const struct part *p)
{
    return p->count != 0 ? p->count : r->host.pcpus;
}

/* Line n of the boot: the first come at once, those of modules and LUNs take their time. */
static void boot_line(const struct routine *r, uint32_t n, struct routine_line *line)
{
    const uint64_t lines = r->boot_lines, step_ns = BOOT_NS / (lines * lines);
    const uint64_t jitter_ns = rng_hash(r->root, UINT64_MAX - n) % step_ns;
    const struct part *p = boot;
    *line = (struct routine_line){ .at_ns = (uint64_t)n * n * step_ns + jitter_ns };
    for (; n >= part_lines(r, p); p++)
        n -= part_lines(r, p);
    p->say(r, n, line);
}

/* ---- the days -------------------------------------------------------------------------------- */
/* One event: its lines are text and level; instants and pCPUs come after. @return how many */
struct event {
    struct rng rng;
    struct routine_line *line;
};

static uint32_t draw(struct event *e, uint32_t below)
{
    return (uint32_t)rng_below(&e->rng, below);
}

/* Another host of the cluster had the LUN reserved; the command is tried again and succeeds.
 * Status 24 is 0x18, a reservation conflict. */
static uint32_t say_conflict(const struct routine *r, struct event *e)
{
    const uint32_t lun = draw(e, LUNS), times = 1 + draw(e, 2);
    (void)r;
    for (uint32_t i = 0; i < times; i++)
        say(&e->line[i], "StorageMonitor: 196: vmhba1:0:%" PRIu32 ":0 status = 24/0 0x0 0x0 0x0",
            lun);
    say(&e->line[times], "SCSI: 5522: vmhba1:0:%" PRIu32 ":0: Sync CR at %" PRIu32, lun,
        64 - draw(e, 4) * 16);
    return times + 1;
}

/* A unit attention: 2/0 with sense 6 29 00 (power on or reset) of an array that is shared. */
static uint32_t say_attention(const struct routine *r, struct event *e)
{
    (void)r;
    say(&e->line[0], "StorageMonitor: 196: vmhba1:0:%" PRIu32 ":0 status = 2/0 0x6 0x29 0x0",
        draw(e, LUNS));
    return 1;
}

/* A guest's driver resets its virtual disk. */
static uint32_t say_reset(const struct routine *r, struct event *e)
{
    const uint32_t handle = 8192 + draw(e, r->host.vms != 0 ? r->host.vms : 1);
    if (r->host.vms == 0)
        return say_attention(r, e);
    say(&e->line[0],
        "VSCSI: 2803: Reset request on handle %" PRIu32 " (%" PRIu32 " outstanding commands)",
        handle, draw(e, 3));
    say(&e->line[1], "VSCSI: 3019: Resetting handle %" PRIu32 " [0/0]", handle);
    say(&e->line[2], "VSCSI: 2871: Completing reset on handle %" PRIu32 " (0 outstanding commands)",
        handle);
    return 3;
}

/* A lock of a file whose holder may live on another host: VMFS asks, and gets it. */
static uint32_t say_lock(const struct routine *r, struct event *e)
{
    const uint32_t offset = 3584 * (1 + draw(e, 20000)), generation = 1 + draw(e, 900);
    (void)r;
    say(&e->line[0],
        "FS3: 4784: Checking if lock holders are live for lock [type 10c00001 offset %" PRIu32
        " v %" PRIu32 "]",
        offset, generation);
    if (draw(e, 4) != 0)
        return 1;
    say(&e->line[1],
        "FS3: 4831: Reclaimed timed out heartbeat [HB state abcdef02 offset %" PRIu32
        " gen %" PRIu32 "]",
        3584000 + 512 * draw(e, 64), generation);
    return 2;
}

/* Somebody looks at esxtop. */
static uint32_t say_statistics(const struct routine *r, struct event *e)
{
    (void)r;
    say(&e->line[0], "CpuSched: 16758: Reset scheduler statistics");
    return 1;
}

/* A rescan from the client, or by the array's agent. */
static uint32_t say_rescan(const struct routine *r, struct event *e)
{
    const uint32_t adapter = 1 + draw(e, 2);
    say(&e->line[0], "SCSI: 861: Rescan of vmhba%" PRIu32 " begins", adapter);
    say(&e->line[1], "SCSI: 874: Rescan of vmhba%" PRIu32 " done: %" PRIu32 " LUNs, none new",
        adapter, LUNS);
    say(&e->line[2], "FS3: 2071: volume %.60s is mounted already", r->host.datastore);
    return 3;
}

/* A guest restarts: its card leaves the switch and comes back. */
static uint32_t say_port(const struct routine *r, struct event *e)
{
    const uint32_t vm = draw(e, r->host.vms != 0 ? r->host.vms : 1);
    if (r->host.vms == 0)
        return say_statistics(r, e);
    say(&e->line[0], "Net: 3354: disconnected client from port 0x%" PRIx32, 0x2000004 + vm);
    say(&e->line[1],
        "Net: 1632: connected VM%" PRIu32 " eth0 to Network VM Network, portID 0x%" PRIx32,
        101 + vm, 0x2000004 + vm);
    return 2;
}

/* The array is slow to answer while backups read it: the driver takes a command back, and sends it
 * again. */
static uint32_t say_abort(const struct routine *r, struct event *e)
{
    (void)r;
    e->line[1].level = LOG_WARNING;
    say(&e->line[0], "<6>qla24xx_abort_command(0): handle to abort=%" PRIu32, 16 + draw(e, 1000));
    say(&e->line[1], "WARNING: LinSCSI: 4611: vmhba1:0:%" PRIu32 ":0: command sent again",
        draw(e, LUNS));
    return 2;
}

/* The console's clock is kept by ntpd, the VMkernel's follows. */
static uint32_t say_clock(const struct routine *r, struct event *e)
{
    (void)r;
    say(&e->line[0], "Timer: 417: wall clock follows the service console by %" PRIu32 " ms",
        1 + draw(e, 30));
    return 1;
}

static const struct kind {
    uint32_t day, night; /* weight, of 100 */
    uint32_t (*say)(const struct routine *r, struct event *e);
} kinds[] = {
    { 26, 46, say_conflict }, { 10, 14, say_attention }, { 14, 14, say_reset },
    { 14, 8, say_lock },      { 8, 0, say_statistics },  { 8, 0, say_rescan },
    { 12, 4, say_port },      { 1, 8, say_abort },       { 7, 6, say_clock },
};

static bool is_day(const struct calendar_date *date)
{
    return date->hour >= 7 && date->hour < 19;
}

/* Has this minute an event? Weekends have a third of the days' and all of the nights'. */
static bool is_chosen(const struct routine *r, const struct calendar_date *date, uint64_t value)
{
    const bool weekend = date->weekday == 0 || date->weekday == 6;
    const uint64_t weight = hour_weight[date->hour] / (weekend && is_day(date) ? 3u : 1u);
    return value % ((uint64_t)60 * HOURS_WEIGHT) < weight * r->a_day;
}

static const struct kind *choose(struct event *e, bool day)
{
    uint32_t at = draw(e, 100);
    const struct kind *k = kinds;
    for (; at >= (day ? k->day : k->night); k++)
        at -= day ? k->day : k->night;
    assert(k < kinds + COUNT(kinds));
    return k;
}

static void make_group(struct routine *r, uint64_t minute, bool day)
{
    struct event e = { .line = r->group };
    rng_init(&e.rng, rng_hash(r->root, minute), "event");
    memset(r->group, 0, sizeof r->group);
    r->group_next = 0;
    r->group_count = choose(&e, day)->say(r, &e);
    assert(r->group_count <= ROUTINE_GROUP_MAX);
    uint64_t ms = minute * 60000 + draw(&e, EVENT_MS_MAX);
    const uint32_t pcpu = draw(&e, r->host.pcpus);
    for (uint32_t i = 0; i < r->group_count; i++) {
        r->group[i].at_ns = ms * NS_PER_MS + draw(&e, (uint32_t)NS_PER_MS);
        r->group[i].pcpu = pcpu;
        ms += 1 + draw(&e, GROUP_MS_MAX);
    }
}

static void look_at_minute(struct routine *r, uint64_t minute)
{
    struct calendar_date date;
    calendar_from_epoch(r->host.epoch_boot_s + (int64_t)minute * 60, r->host.utc_offset_s, &date);
    if (is_chosen(r, &date, rng_hash(r->root, minute)))
        make_group(r, minute, is_day(&date));
}

void routine_init(struct routine *r, const struct routine_host *host)
{
    assert(r != NULL && host->pcpus > 0 && host->product != NULL && host->datastore != NULL);
    memset(r, 0, sizeof *r);
    r->host = *host;
    r->root = rng_derive(host->seed, "routine");
    r->a_day = EVENTS_MIN + (uint32_t)(rng_hash(r->root, UINT64_MAX) % EVENTS_MORE);
    r->minute = FIRST_MINUTE;
    for (uint32_t i = 0; i < COUNT(boot); i++)
        r->boot_lines += part_lines(r, &boot[i]);
}

bool routine_next(struct routine *r, uint64_t until_ns, struct routine_line *ret)
{
    struct routine_line line;
    if (r->boot_next < r->boot_lines) {
        boot_line(r, r->boot_next, &line);
        if (line.at_ns > until_ns)
            return false;
        r->boot_next++;
        *ret = line;
        return true;
    }
    while (r->group_next == r->group_count && r->minute * 60 * NS_PER_S <= until_ns)
        look_at_minute(r, r->minute++);
    if (r->group_next == r->group_count || r->group[r->group_next].at_ns > until_ns)
        return false;
    *ret = r->group[r->group_next++];
    return true;
}
