/* cmd_esxcfg.c - `esxcfg-advcfg` and `esxcfg-dumppart` on a host directory.
 *
 * Options and their defaults: [KB1032962]. That names are taken in any case, and the words that are
 * printed, are INFERRED. A change is written at once and takes effect at the host's next start. */
#include <assert.h>
#include <errno.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "shared/err.h"
#include "shared/esxconf.h"
#include "shared/path.h"
#include "shared/zdump.h"
#include "tools/cmd/cmd.h"
#include "tools/host/host.h"

#define DEFAULT_PARTITION "vmhba0:0:0:5"
#define CONSOLE_DEVICE "/dev/sda5"

struct arguments {
    const char *host;
    bool list;
    bool get; /* of advcfg, as is: */
    const char *value;
    bool config, active; /* of dumppart */
};

/* ---- advanced options ------------------------------------------------------------------------ */
static const char *check_core_file(const char *host_dir, const char *value);
static const char *check_flag(const char *host_dir, const char *value);
static const char *check_fixed(const char *host_dir, const char *value);

static const struct option_def {
    const char *name; /* as it is typed; in the file behind "/adv" */
    const char *preset;
    const char *(*check)(const char *host_dir, const char *value); /* NULL or what is wrong */
} option_defs[] = {
    { "/Misc/CosCoreFile", "", check_core_file },
    { "/Misc/HostName", "", check_fixed },
    { "/Misc/PsodOnCosPanic", "1", check_flag },
};
#define OPTION_DEFS (sizeof option_defs / sizeof option_defs[0])

static const char *check_core_file(const char *host_dir, const char *value)
{
    static char why[512];
    char uuid[ESXCONF_UUID_MAX], name[ESXCONF_NAME_MAX], store[ESXCONF_UUID_MAX + 16];
    const enum esxconf_core core = esxconf_core_parse(value, uuid, name);
    if (core == ESXCONF_CORE_EMPTY)
        return NULL; /* no core is wanted */
    if (core != ESXCONF_CORE_OK)
        return esxconf_core_reason(core);
    (void)snprintf(store, sizeof store, "vmfs/volumes/%s", uuid);
    if (host_has(host_dir, store))
        return NULL;
    (void)snprintf(why, sizeof why, "the host has no datastore %s", uuid);
    return why;
}

static const char *check_flag(const char *host_dir, const char *value)
{
    (void)host_dir;
    return strcmp(value, "0") == 0 || strcmp(value, "1") == 0 ? NULL : "0 or 1 is wanted";
}

static const char *check_fixed(const char *host_dir, const char *value)
{
    (void)host_dir;
    (void)value;
    return "it is fixed when the host is made";
}

static const struct option_def *find_option(const char *name)
{
    for (size_t i = 0; i < OPTION_DEFS; i++)
        if (strcasecmp(option_defs[i].name, name) == 0)
            return &option_defs[i];
    return NULL;
}

static void key_of(const struct option_def *o, char ret[ESXCONF_KEY_MAX])
{
    (void)snprintf(ret, ESXCONF_KEY_MAX, "/adv%s", o->name);
}

static int print_value(const struct option_def *o, const struct esxconf *conf)
{
    char key[ESXCONF_KEY_MAX];
    key_of(o, key);
    const char *value = esxconf_get(conf, key);
    (void)printf("Value of %s is %s\n", strrchr(o->name, '/') + 1,
                 value != NULL ? value : o->preset);
    return fflush(stdout) == 0 ? CMD_OK : CMD_USAGE;
}

static int set_value(const struct option_def *o, struct esxconf *conf, const char *host_dir,
                     const char *path, const char *value)
{
    char key[ESXCONF_KEY_MAX];
    const char *why = o->check(host_dir, value);
    key_of(o, key);
    if (why == NULL && esxconf_set(conf, key, value) != 0)
        why = "at most 255 printable characters without quotes are wanted";
    if (why != NULL)
        return cmd_fail(CMD_USAGE, "%s is not set to '%s': %s", o->name, value, why);
    const int error = esxconf_save(path, conf);
    if (error != 0)
        return cmd_fail(CMD_USAGE, "%s: %s", path, err_text(error));
    return print_value(o, conf);
}

/* The value that -s names stands before the option, which is the argument that is left. */
static int advcfg_work(const struct arguments *a, const char *name)
{
    char host[PATH_SIZE], path[PATH_SIZE];
    struct err err = { "" };
    struct esxconf conf;
    const struct option_def *o = name != NULL ? find_option(name) : NULL;
    if (name != NULL && o == NULL)
        return cmd_fail(CMD_USAGE, "no option '%s'; `esxcfg-advcfg -l` lists them", name);
    if (host_find(a->host, host, &err) != 0 || host_path(host, PATH_ESXCONF, path, &err) != 0 ||
        esxconf_load(path, &conf, &err) != 0)
        return cmd_fail(CMD_USAGE, "%s", err.text);
    int status = CMD_OK;
    assert(a->list || o != NULL);
    if (a->list)
        for (size_t i = 0; i < OPTION_DEFS && status == CMD_OK; i++)
            status = print_value(&option_defs[i], &conf);
    else
        status =
            a->value != NULL ? set_value(o, &conf, host, path, a->value) : print_value(o, &conf);
    esxconf_free(&conf);
    return status;
}

static int run_advcfg(int argc, char **argv)
{
    struct arguments a = { .host = NULL };
    const int status = cmd_options(&cmd_esxcfg_advcfg, argc, argv, &a);
    if (status != CMD_GO)
        return status;
    if (a.get + (a.value != NULL) + a.list != 1)
        return cmd_usage(&cmd_esxcfg_advcfg, "one of -g, -s VALUE and -l is wanted");
    if (optind + (a.list ? 0 : 1) != argc)
        return cmd_usage(&cmd_esxcfg_advcfg, a.list ? "-l wants no option's name"
                                                    : "one option is wanted, such as "
                                                      "/Misc/PsodOnCosPanic");
    return advcfg_work(&a, a.list ? NULL : argv[optind]);
}

static const struct cmd_option advcfg_options[] = {
    CMD_FLAG("get", 'g', get, "what an option is"),
    CMD_TEXT("set", 's', "VALUE", value, "make it VALUE; a value that makes no sense is refused"),
    CMD_FLAG("list", 'l', list, "all of them"),
    CMD_HOST,
    CMD_OPTIONS_END,
};

const struct cmd cmd_esxcfg_advcfg = {
    .name = "esxcfg-advcfg",
    .summary = "shows and sets advanced options of a host",
    .usage = "[--host DIR] -g OPTION | -s VALUE OPTION | -l",
    .about =
        "/Misc/CosCoreFile: where the core of the service console is written when it is lost, "
        "/vmfs/volumes/UUID/NAME; empty: no core.\n"
        "/Misc/PsodOnCosPanic: 1: the host then shows a purple screen; 0: it does not, and its "
        "VMkernel goes on without a console.\n"
        "Names are taken in upper and lower case. A change takes effect at the next start.",
    .options = advcfg_options,
    .more = "  esxcfg-advcfg --host hosts/kb -g /Misc/CosCoreFile\n"
            "  esxcfg-advcfg --host hosts/kb -s 0 /Misc/PsodOnCosPanic\n\n"
            "Exit status: 0 done, 2 refused.",
    .most = 1,
    .operand = "option",
    .run = run_advcfg,
};

/* ---- dump partitions ------------------------------------------------------------------------- */
/* Is there a partition that a dump can be written to? */
static bool is_active(const char *host_dir)
{
    char path[PATH_SIZE];
    struct err err;
    struct zdump z;
    if (host_path(host_dir, PATH_DUMP_PARTITION, path, &err) != 0 ||
        zdump_load(path, 0, &z, &err) != 0)
        return false;
    const bool ok = z.slot_ok;
    zdump_free(&z);
    return ok;
}

static int dumppart_print(const struct arguments *a, const char *configured, bool active)
{
    const char *name = configured[0] != '\0' ? configured : DEFAULT_PARTITION;
    if (a->list) {
        (void)printf("%-16s%-14s%-11s%s\n", "VM Kernel Name", "Console Name", "Is Active",
                     "Is Configured");
        (void)printf("%-16s%-14s%-11s%s\n", name, CONSOLE_DEVICE, active ? "yes" : "no",
                     configured[0] != '\0' ? "yes" : "no");
        return CMD_OK;
    }
    if (a->config ? configured[0] == '\0' : !active) {
        (void)printf("No dump partition is %s.\n", a->config ? "configured" : "active");
        return CMD_BAD;
    }
    (void)printf("%-16s%s\n", name, CONSOLE_DEVICE);
    return CMD_OK;
}

static int dumppart_work(const struct arguments *a)
{
    char host[PATH_SIZE], path[PATH_SIZE];
    struct err err = { "" };
    struct esxconf conf;
    if (host_find(a->host, host, &err) != 0 || host_path(host, PATH_ESXCONF, path, &err) != 0 ||
        esxconf_load(path, &conf, &err) != 0)
        return cmd_fail(CMD_USAGE, "%s", err.text);
    const char *configured = esxconf_get(&conf, ESXCONF_DUMP_PARTITION);
    const int status = dumppart_print(a, configured != NULL ? configured : "", is_active(host));
    esxconf_free(&conf);
    return fflush(stdout) == 0 ? status : CMD_USAGE;
}

static int run_dumppart(int argc, char **argv)
{
    struct arguments a = { .host = NULL };
    const int status = cmd_options(&cmd_esxcfg_dumppart, argc, argv, &a);
    if (status != CMD_GO)
        return status;
    if (a.list + a.config + a.active != 1)
        return cmd_usage(&cmd_esxcfg_dumppart, "one of -l, -c and -t is wanted");
    return dumppart_work(&a);
}

static const struct cmd_option dumppart_options[] = {
    CMD_FLAG("list", 'l', list, "the partitions that a VMkernel can dump to"),
    CMD_FLAG("get-config", 'c', config, "the one that is set up in esx.conf"),
    CMD_FLAG("get-active", 't', active, "the one that would be used now"),
    CMD_HOST,
    CMD_OPTIONS_END,
};

const struct cmd cmd_esxcfg_dumppart = {
    .name = "esxcfg-dumppart",
    .summary = "shows the dump partition of a host",
    .usage = "[--host DIR] -l | -c | -t",
    .about = "Shows where a VMkernel writes its dump.",
    .options = dumppart_options,
    .more = "  esxcfg-dumppart --host hosts/kb -l\n\n"
            "Exit status: 0 shown, 1 there is none, 2 wrong usage or no host.",
    .run = run_dumppart,
};
