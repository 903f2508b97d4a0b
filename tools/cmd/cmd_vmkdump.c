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

#include "shared/calendar.h"
#include "shared/err.h"
#include "shared/io.h"
#include "shared/path.h"
#include "tools/cmd/cmd.h"
#include "tools/parse/dumpview.h"
#include "tools/host/host.h"

#define CONSOLE_DEVICE "/dev/sda5" /* as the console knows it [VBROWNBAG] */

struct arguments {
    bool log, slots, verify, json;
    const char *section; /* to read; NULL = none */
    const char *host, *device;
    uint32_t slot; /* from 1; 0 = not given */
};

/* ---- finding the dump ------------------------------------------------------------------------ */
/* A device is a file of this machine, or one of the host's: /dev/sda5 or /dev/vmkcore. */
static int find_device(const struct arguments *a, char ret[PATH_SIZE], struct err *err)
{
    struct stat st;
    char host[PATH_SIZE];
    const bool console =
        strcmp(a->device, CONSOLE_DEVICE) == 0 || strcmp(a->device, "/" PATH_DUMP_PARTITION) == 0;
    if (!console && stat(a->device, &st) == 0 && S_ISREG(st.st_mode))
        return path_format(ret, "%s", a->device);
    if (!console)
        return err_set(err, -ENODEV, "%s: no such dump partition; `esxcfg-dumppart -l` lists them",
                       a->device);
    const int error = host_find(a->host, host, err);
    return error != 0 ? error : host_path(host, PATH_DUMP_PARTITION, ret, err);
}

/* ---- what it holds --------------------------------------------------------------------------- */
static void print_head(struct out *o, const char *path, const struct zdump *z)
{
    char uptime[CALENDAR_UPTIME_SIZE], stamp[CALENDAR_SYSLOG_SIZE];
    struct calendar_date date;
    const bool has_dump = z->slot_ok && z->slot.state != ZDUMP_EMPTY;
    (void)calendar_format_uptime(z->slot.uptime_ns, uptime);
    calendar_from_epoch(z->slot.epoch_s, 0, &date);
    calendar_format_syslog(&date, stamp);
    out_str(o, "file", "%s: ", path);
    out_text(o, "%s", z->slot_ok ? "" : "a dump whose header cannot be read\n");
    out_u64(o, "slot", z->slot_ok ? "slot %llu" : NULL, z->slot.slot + 1);
    out_u64(o, "slots", z->slot_ok ? " of %llu" : NULL, z->slot.slot_count);
    out_str(o, "state", z->slot_ok ? ", %s\n" : NULL, dumpview_state(z));
    out_str(o, "host", has_dump ? "host %s" : NULL, z->slot.host);
    out_str(o, "build", has_dump ? ", build %s" : NULL, z->slot.build);
    out_u64(o, "uptime_ns", NULL, z->slot.uptime_ns);
    out_i64(o, "epoch_s", NULL, z->slot.epoch_s);
    if (has_dump)
        out_text(o, ", up %s, %s %d UTC", uptime, stamp, (int)date.year);
    out_str(o, "reason", has_dump ? ": %s\n" : NULL, z->slot.reason);
    out_bool(o, "whole", z->complete);
}

static void print_section(struct out *o, const struct zdump_section *s)
{
    char sum[65];
    for (unsigned i = 0; i < 32; i++)
        (void)snprintf(sum + 2 * i, 3, "%02x", s->sha256[i]);
    out_object(o, NULL);
    out_u64(o, "index", "%5llu", s->index);
    out_str(o, "name", "  %-12s", s->name);
    out_str(o, "health", " %-8s", zdump_health_name(s->health));
    out_u64(o, "bytes", " %12llu", s->raw_bytes);
    out_u64(o, "readable", NULL, s->data_len);
    out_u64(o, "offset", " %12llu\n", s->offset);
    out_str(o, "sha256", NULL, sum);
    out_end(o);
}

/* Empty slots are no damage. */
static int health(const struct zdump *z)
{
    return z->complete || (z->slot_ok && z->slot.state == ZDUMP_EMPTY) ? CMD_OK : CMD_BAD;
}

static int show(const struct arguments *a, const char *path, const struct zdump *z)
{
    struct out o = cmd_out(a->json);
    out_begin(&o, "lostbeat/vmkdump/1");
    print_head(&o, path, z);
    if (z->count > 0)
        out_text(&o, "%5s  %-12s %-8s %12s %12s\n", "index", "name", "health", "bytes", "offset");
    out_array(&o, "sections");
    for (uint32_t i = 0; i < z->count; i++)
        print_section(&o, &z->sections[i]);
    out_end(&o);
    if (health(z) != CMD_OK && !a->json)
        (void)dumpview_missing(stdout, z);
    return cmd_finish(&o, health(z));
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

/* What could be read was given; the rest is reported. */
static int report_rest(const char *path, const char *what, const struct zdump_section *s)
{
    if (s->health == ZDUMP_WHOLE)
        return CMD_OK;
    return cmd_fail(CMD_BAD, "%s: the %s is %s: %zu of %" PRIu64 " bytes", path, what,
                    zdump_health_name(s->health), s->data_len, s->raw_bytes);
}

static int read_section(const char *path, const struct zdump *z, const char *name)
{
    const struct zdump_section *s = dumpview_find(z, name);
    if (s == NULL)
        return cmd_fail(CMD_BAD, "%s: holds no section '%s'", path, name);
    (void)fwrite(s->data, 1, s->data_len, stdout); /* the caller asks the stream */
    return report_rest(path, "section", s);
}

/* "created file vmkernel-log.1", in the current directory. */
static int extract_log(const char *path, const struct zdump *z)
{
    char name[PATH_SIZE];
    struct err err = { "" };
    const struct zdump_section *s = zdump_find(z, ZDUMP_LOG);
    if (s == NULL)
        return cmd_fail(CMD_BAD, "%s: holds no log", path);
    const int fd = host_create_numbered("vmkernel-log.", "", name, &err);
    if (fd < 0)
        return cmd_fail(CMD_USAGE, "%s", err.text);
    int status = io_write(fd, s->data, s->data_len);
    status = close(fd) != 0 && status == 0 ? -errno : status;
    if (status != 0) {
        (void)unlink(name);
        return cmd_fail(CMD_USAGE, "%s: %s", name, err_text(status));
    }
    (void)printf("created file %s\n", name);
    return report_rest(path, "log", s);
}

static int list_slots(const char *path)
{
    struct err err;
    struct out o = cmd_out(false);
    uint32_t count = 1;
    for (uint32_t i = 0; i < count; i++) {
        struct zdump z;
        if (zdump_load(path, i, &z, &err) != 0)
            return cmd_fail(i == 0 ? CMD_USAGE : CMD_BAD, "%s", err.text);
        if (z.slot_ok && i == 0)
            count = z.slot.slot_count;
        print_head(&o, path, &z);
        zdump_free(&z);
    }
    return cmd_finish(&o, CMD_OK);
}

static int read_dump(const struct arguments *a, const char *path)
{
    struct err err;
    struct zdump z;
    if (a->slots)
        return list_slots(path);
    const uint32_t slot = a->slot > 0 ? a->slot - 1 : dumpview_newest_slot(path);
    if (zdump_load(path, slot, &z, &err) != 0)
        return cmd_fail(CMD_USAGE, "%s", err.text);
    int status;
    if (!z.slot_ok && z.count == 0)
        status =
            cmd_fail(CMD_USAGE, "%s: no dump of a VMkernel: neither a header nor a section", path);
    else if (a->log)
        status = extract_log(path, &z);
    else if (a->section != NULL)
        status = read_section(path, &z, a->section);
    else if (a->verify)
        status = verify(path, &z);
    else
        status = show(a, path, &z);
    zdump_free(&z);
    return fflush(stdout) == 0 && ferror(stdout) == 0
               ? status
               : cmd_fail(CMD_USAGE, "cannot write: %s", strerror(errno));
}

/* ---- the command line ------------------------------------------------------------------------ */
static const char *take_slot(void *member, const char *text)
{
    uint32_t *slot = member;
    char *end;
    const unsigned long n = strtoul(text, &end, 10);
    *slot = (uint32_t)n;
    return text[0] >= '1' && text[0] <= '9' && *end == '\0' && n <= ZDUMP_SLOTS_MAX
               ? NULL
               : "a number from 1 to the count of slots";
}

static int run(int argc, char **argv)
{
    struct arguments a = { .slot = 0 };
    char path[PATH_SIZE];
    struct err err = { "" };
    const int status = cmd_options(&cmd_vmkdump, argc, argv, &a);
    if (status != CMD_GO)
        return status;
    if ((optind < argc) == (a.device != NULL))
        return cmd_usage(&cmd_vmkdump, "one dump is wanted: a file, or -d DEVICE");
    if (optind < argc)
        return read_dump(&a, argv[optind]);
    return find_device(&a, path, &err) != 0 ? cmd_fail(CMD_USAGE, "%s", err.text)
                                            : read_dump(&a, path);
}

static const struct cmd_option options[] = {
    CMD_FLAG("log", 'l', log, "the VMkernel's log into vmkernel-log.N, in the current directory"),
    CMD_FLAG("slots", 0, slots, "the slots of a partition"),
    CMD_FLAG("verify", 0, verify, "compare every section with its checksum"),
    CMD_TEXT(
        "read", 0, "NAME", section,
        "one section to stdout: notes, screen, state, vmkernel-log, cos-log, pcpus, heartbeats, "
        "ring, cos-tasks, worlds"),
    CMD_TEXT("device", 'd', "D", device, "a dump partition: a file, or /dev/sda5 of the host"),
    CMD_TAKE("slot", 0, "N", slot, take_slot,
             "slot N of a partition, from 1; default: the one that was written last"),
    CMD_HOST,
    CMD_JSON("one object: schema \"lostbeat/vmkdump/1\", file, slot, slots, state, host, build, "
             "reason, uptime_ns, epoch_s, whole, sections"),
    CMD_OPTIONS_END,
};

const struct cmd cmd_vmkdump = {
    .name = "vmkdump",
    .summary = "reads the VMkernel's dumps",
    .usage = "[-l | --slots | --verify | --read SECTION] [--slot N] [--json]\n"
             "FILE | -d DEVICE [--host DIR]",
    .about =
        "Reads a vmkernel-zdump or a dump partition, whole or cut short: sections that are there "
        "are read, and what is missing is said. Without an option: the header and the sections.",
    .options = options,
    .more = "  vmkdump -l hosts/kb/root/vmkernel-zdump-111309.07.13.1\n"
            "  vmkdump -d /dev/sda5 --host hosts/kb --read screen\n\n"
            "Exit status: 0 whole, 1 cut or damaged (what could be read was given), 2 no dump, or "
            "wrong usage.",
    .operand = "dump",
    .most = 1,
    .run = run,
};
