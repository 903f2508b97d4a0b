/* cmd_vmkdump.c - `vmkdump`: reads the VMkernel's dumps, from a file or from the dump partition, as
 * far as they are there.
 *
 * `vmkdump -l FILE` and its "created file vmkernel-log.1", and `vmkdump -d DEVICE`: [VBROWNBAG],
 * a public walk through an ESX 3.5 dump. The other options are OUR CHOICE. */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <jansson.h>

#include "shared/calendar.h"
#include "tools/cmd/cmd.h"
#include "tools/parse/dumpview.h"
#include "tools/host/host.h"

#define ERROR_MAX 512
#define PARTITION "dev/vmkcore"
#define CONSOLE_DEVICE "/dev/sda5" /* as the console knows it [VBROWNBAG] */

enum action { SHOW, LOG, SLOTS, VERIFY, READ };
struct arguments {
    enum action action;
    const char *section; /* READ */
    const char *host, *device;
    const char *path; /* of the dump */
    uint32_t slot;    /* from 1; 0 = not given */
    bool json;
};

/* ---- finding the dump ------------------------------------------------------------------------ */
/* A device is a file of this machine, or one of the host's: /dev/sda5 or /dev/vmkcore. */
static int find_device(const struct arguments *a, char ret[HOST_PATH_MAX], char *err)
{
    struct stat st;
    char host[HOST_PATH_MAX];
    const bool console =
        strcmp(a->device, CONSOLE_DEVICE) == 0 || strcmp(a->device, "/" PARTITION) == 0;
    if (!console && stat(a->device, &st) == 0 && S_ISREG(st.st_mode)) {
        (void)snprintf(ret, HOST_PATH_MAX, "%s", a->device);
        return 0;
    }
    if (!console) {
        (void)snprintf(err, ERROR_MAX,
                       "%s: no such dump partition; `esxcfg-dumppart -l` lists them", a->device);
        return -1;
    }
    return host_find(a->host, host, err, ERROR_MAX) != 0
               ? -1
               : host_path(host, PARTITION, ret, err, ERROR_MAX);
}

/* The slot that was written last, from 0. */
static uint32_t newest_slot(const char *path)
{
    uint32_t newest = 0, count = 1;
    int64_t newest_s = INT64_MIN;
    char err[ERROR_MAX];
    for (uint32_t i = 0; i < count; i++) {
        struct zdump z;
        if (zdump_load(path, i, &z, err, sizeof err) != 0)
            break;
        if (z.slot_ok && i == 0)
            count = z.slot.slot_count;
        if (z.slot_ok && z.slot.state != ZDUMP_EMPTY && z.slot.epoch_s > newest_s) {
            newest = i;
            newest_s = z.slot.epoch_s;
        }
        zdump_free(&z);
    }
    return newest;
}

/* ---- what it holds --------------------------------------------------------------------------- */
static void print_head(const char *path, const struct zdump *z)
{
    char uptime[CALENDAR_UPTIME_SIZE], stamp[CALENDAR_SYSLOG_SIZE];
    struct calendar_date date;
    if (!z->slot_ok) {
        (void)printf("%s: a dump whose header cannot be read\n", path);
        return;
    }
    (void)calendar_format_uptime(z->slot.uptime_ns, uptime);
    calendar_from_epoch(z->slot.epoch_s, 0, &date);
    calendar_format_syslog(&date, stamp);
    (void)printf("%s: slot %" PRIu32 " of %" PRIu32 ", %s\n", path, z->slot.slot + 1,
                 z->slot.slot_count, dumpview_state(z));
    if (z->slot.state != ZDUMP_EMPTY)
        (void)printf("host %s, build %s, up %s, %s %d UTC: %s\n", z->slot.host, z->slot.build,
                     uptime, stamp, (int)date.year, z->slot.reason);
}

static json_t *section_json(const struct zdump_section *s)
{
    char sum[65];
    for (unsigned i = 0; i < 32; i++)
        (void)snprintf(sum + 2 * i, 3, "%02x", s->sha256[i]);
    return json_pack("{s:s, s:i, s:s, s:I, s:I, s:I, s:s}", "name", s->name, "index", (int)s->index,
                     "health", zdump_health_name(s->health), "bytes", (json_int_t)s->raw_bytes,
                     "readable", (json_int_t)s->data_len, "offset", (json_int_t)s->offset, "sha256",
                     sum);
}

static int print_json(const char *path, const struct zdump *z)
{
    json_t *sections = json_array();
    for (uint32_t i = 0; i < z->count; i++)
        (void)json_array_append_new(sections, section_json(&z->sections[i]));
    json_t *root = json_pack(
        "{s:s, s:s, s:i, s:i, s:s, s:s, s:s, s:s, s:I, s:I, s:b, s:o}", "schema",
        "lostbeat/vmkdump/1", "file", path, "slot", (int)z->slot.slot + 1, "slots",
        (int)z->slot.slot_count, "state", dumpview_state(z), "host", z->slot.host, "build",
        z->slot.build, "reason", z->slot.reason, "uptime_ns", (json_int_t)z->slot.uptime_ns,
        "epoch_s", (json_int_t)z->slot.epoch_s, "whole", z->complete, "sections", sections);
    const int status = root == NULL ? -1 : json_dumpf(root, stdout, JSON_INDENT(2));
    json_decref(root);
    return status == 0 && fputc('\n', stdout) != EOF ? CMD_OK : CMD_USAGE;
}

/* Empty slots are no damage. */
static int health(const struct zdump *z)
{
    return z->complete || (z->slot_ok && z->slot.state == ZDUMP_EMPTY) ? CMD_OK : CMD_BAD;
}

static int show(const struct arguments *a, const char *path, const struct zdump *z)
{
    if (a->json)
        return print_json(path, z) == CMD_OK ? health(z) : CMD_USAGE;
    print_head(path, z);
    if (z->count > 0)
        dumpview_sections(stdout, z);
    if (health(z) != CMD_OK)
        (void)dumpview_missing(stdout, z);
    return health(z);
}

/* Reading has compared every section with its checksum already. */
static int verify(const char *path, const struct zdump *z)
{
    if (z->slot_ok && z->slot.state == ZDUMP_EMPTY) {
        (void)printf("%s: empty\n", path);
        return CMD_OK;
    }
    if (z->complete) {
        (void)printf("%s: whole, %" PRIu32 " sections\n", path, z->count);
        return CMD_OK;
    }
    (void)dumpview_missing(stdout, z);
    return CMD_BAD;
}

static int read_section(const struct arguments *a, const char *path, const struct zdump *z)
{
    const struct zdump_section *s = dumpview_find(z, a->section);
    if (s == NULL)
        return cmd_fail(CMD_BAD, "%s: holds no section '%s'", path, a->section);
    if (fwrite(s->data, 1, s->data_len, stdout) != s->data_len)
        return cmd_fail(CMD_USAGE, "cannot write: %s", strerror(errno));
    if (s->health == ZDUMP_WHOLE)
        return CMD_OK;
    return cmd_fail(CMD_BAD, "%s: section '%s' is %s: %zu of %" PRIu64 " bytes", path, s->name,
                    zdump_health_name(s->health), s->data_len, s->raw_bytes);
}

/* "created file vmkernel-log.1", in the current directory. */
static int extract_log(const char *path, const struct zdump *z)
{
    char name[HOST_PATH_MAX], err[ERROR_MAX] = "";
    const struct zdump_section *s = zdump_find(z, ZDUMP_LOG);
    if (s == NULL)
        return cmd_fail(CMD_BAD, "%s: holds no log", path);
    const int fd = host_create_numbered("vmkernel-log.", "", name, err, sizeof err);
    if (fd < 0)
        return cmd_fail(CMD_USAGE, "%s", err);
    FILE *f = fdopen(fd, "w");
    bool bad = f == NULL || fwrite(s->data, 1, s->data_len, f) != s->data_len;
    bad = (f != NULL ? fclose(f) : close(fd)) != 0 || bad;
    if (bad) {
        (void)unlink(name);
        return cmd_fail(CMD_USAGE, "%s: %s", name, strerror(errno));
    }
    (void)printf("created file %s\n", name);
    if (s->health == ZDUMP_WHOLE)
        return CMD_OK;
    return cmd_fail(CMD_BAD, "%s: the log is %s: %zu of %" PRIu64 " bytes", path,
                    zdump_health_name(s->health), s->data_len, s->raw_bytes);
}

static int list_slots(const char *path)
{
    char err[ERROR_MAX];
    uint32_t count = 1;
    for (uint32_t i = 0; i < count; i++) {
        struct zdump z;
        if (zdump_load(path, i, &z, err, sizeof err) != 0)
            return cmd_fail(i == 0 ? CMD_USAGE : CMD_BAD, "%s", err);
        if (z.slot_ok && i == 0)
            count = z.slot.slot_count;
        print_head(path, &z);
        zdump_free(&z);
    }
    return CMD_OK;
}

static int look(const struct arguments *a, const char *path)
{
    char err[ERROR_MAX];
    struct zdump z;
    if (a->action == SLOTS)
        return list_slots(path);
    const uint32_t slot = a->slot > 0 ? a->slot - 1 : newest_slot(path);
    if (zdump_load(path, slot, &z, err, sizeof err) != 0)
        return cmd_fail(CMD_USAGE, "%s", err);
    int status;
    if (!z.slot_ok && z.count == 0)
        status =
            cmd_fail(CMD_USAGE, "%s: no dump of a VMkernel: neither a header nor a section", path);
    else if (a->action == LOG)
        status = extract_log(path, &z);
    else if (a->action == READ)
        status = read_section(a, path, &z);
    else if (a->action == VERIFY)
        status = verify(path, &z);
    else
        status = show(a, path, &z);
    zdump_free(&z);
    return fflush(stdout) == 0 ? status : cmd_fail(CMD_USAGE, "cannot write: %s", strerror(errno));
}

/* ---- the command line ------------------------------------------------------------------------ */
static int take_slot(struct arguments *a, const char *text)
{
    char *end;
    const unsigned long n = strtoul(text, &end, 10);
    if (text[0] < '1' || text[0] > '9' || *end != '\0' || n > ZDUMP_SLOTS_MAX)
        return cmd_usage(&cmd_vmkdump, "--slot wants a number from 1 to %u, not '%s'",
                         ZDUMP_SLOTS_MAX, text);
    a->slot = (uint32_t)n;
    return CMD_OK;
}

static int take_option(int o, struct arguments *a, char **argv)
{
    switch (o) {
    case 'l':
        a->action = LOG;
        return CMD_OK;
    case 'S':
        a->action = SLOTS;
        return CMD_OK;
    case 'v':
        a->action = VERIFY;
        return CMD_OK;
    case 'r':
        a->action = READ;
        a->section = optarg;
        return CMD_OK;
    case 'd':
        a->device = optarg;
        return CMD_OK;
    case 'H':
        a->host = optarg;
        return CMD_OK;
    case 's':
        return take_slot(a, optarg);
    case 'j':
        a->json = true;
        return CMD_OK;
    default:
        return cmd_bad_option(&cmd_vmkdump, argv);
    }
}

static int run(int argc, char **argv)
{
    static const struct option options[] = {
        { "log", no_argument, NULL, 'l' },          { "slots", no_argument, NULL, 'S' },
        { "verify", no_argument, NULL, 'v' },       { "read", required_argument, NULL, 'r' },
        { "device", required_argument, NULL, 'd' }, { "host", required_argument, NULL, 'H' },
        { "slot", required_argument, NULL, 's' },   { "json", no_argument, NULL, 'j' },
        { "help", no_argument, NULL, 'h' },         { 0 },
    };
    struct arguments a = { .action = SHOW };
    char path[HOST_PATH_MAX], err[ERROR_MAX] = "";

    opterr = 0;
    for (int o; (o = getopt_long(argc, argv, "ld:h", options, NULL)) != -1;) {
        if (o == 'h')
            return cmd_help(&cmd_vmkdump);
        if (take_option(o, &a, argv) != CMD_OK)
            return CMD_USAGE;
    }
    a.path = optind < argc ? argv[optind] : NULL;
    if (optind + 1 < argc || (a.path != NULL) == (a.device != NULL))
        return cmd_usage(&cmd_vmkdump, "one dump is wanted: a file, or -d DEVICE");
    if (a.path != NULL)
        return look(&a, a.path);
    return find_device(&a, path, err) != 0 ? cmd_fail(CMD_USAGE, "%s", err) : look(&a, path);
}

const struct cmd cmd_vmkdump = {
    .name = "vmkdump",
    .summary = "reads the VMkernel's dumps",
    .help =
        "usage: vmkdump [-l | --slots | --verify | --read SECTION] [--slot N] [--json]\n"
        "               FILE | -d DEVICE [--host DIR]\n"
        "\n"
        "Reads a vmkernel-zdump or a dump partition, whole or cut short: sections that are there\n"
        "are read, and what is missing is said. Without an option: the header and the sections.\n"
        "\n"
        "  -l, --log      the VMkernel's log into vmkernel-log.N, in the current directory\n"
        "  --slots        the slots of a partition\n"
        "  --verify       compare every section with its checksum\n"
        "  --read NAME    one section to stdout: notes, screen, state, vmkernel-log, cos-log, "
        "pcpus,\n"
        "                 heartbeats, ring, cos-tasks, worlds\n"
        "  -d, --device D a dump partition: a file, or /dev/sda5 of the host\n"
        "  --slot N       slot N of a partition, from 1; default: the one that was written last\n"
        "  --host DIR     the host; default: the current directory, else $LOSTBEAT_HOST\n"
        "  --json         one object: schema \"lostbeat/vmkdump/1\", file, slot, slots, state, "
        "host,\n"
        "                 build, reason, uptime_ns, epoch_s, whole, sections\n"
        "\n"
        "  vmkdump -l hosts/kb/root/vmkernel-zdump-111309.07.13.1\n"
        "  vmkdump -d /dev/sda5 --host hosts/kb --read screen\n"
        "\n"
        "Exit status: 0 whole, 1 cut or damaged (what could be read was given), 2 no dump, or "
        "wrong\n"
        "usage.\n",
    .run = run,
};
