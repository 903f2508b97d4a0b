/* main.c - the VMkernel's process: options, and the life of one host from plan to result.
 *
 *     plan.json -> host directory, log, worlds, datastore, machine -> children
 *               -> console_run() -> result.json
 *
 * Exit status: 0 the run came to its end, whatever the simulated outcome; 2 usage or input; 3 an
 * error of ours. */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shared/err.h"
#include "shared/path.h"
#include "vmkernel/run/children.h"
#include "vmkernel/host/vmk.h"
#include "vmkernel/run/console.h"
#include "vmkernel/dump/dump.h"
#include "vmkernel/host/hostdir.h"
#include "vmkernel/host/machine.h"
#include "vmkernel/host/options.h"
#include "vmkernel/run/pace.h"
#include "vmkernel/start/recovery.h"
#include "vmkernel/start/vmfs.h"

static struct vmk vmk; /* large, so not on the stack */

static const char usage_text[] =
    "usage: vmkernel --host DIR [--clock virtual|real|xN] [--cos FILE] [--vmnixhbd FILE]\n"
    "                [--progress-fd N]\n"
    "\n"
    "Runs the host in DIR as DIR/run/plan.json says and leaves its artefacts there;\n"
    "DIR/run/result.json says how it ended. `lostbeat run` makes the plan and starts this "
    "program.\n"
    "\n"
    "  --clock       virtual (default): as fast as it goes; real; xN: N times as fast as that\n"
    "  --cos, --vmnixhbd   programs of the service console (default: beside this one)\n"
    "  --progress-fd a descriptor that gets a line about ten times a second\n";

/* ---- options -------------------------------------------------------------------------------- */
static int usage_error(const char *what, const char *value)
{
    (void)fprintf(stderr, "vmkernel: %s%s%s\n%s", what, value != NULL ? ": " : "",
                  value != NULL ? value : "", usage_text);
    return ERR_EXIT_INPUT;
}

static int parse_fd(const char *text, int *ret)
{
    char *end;
    errno = 0;
    const long value = strtol(text, &end, 10);
    if (errno != 0 || end == text || *end != '\0' || value < 0 || value > INT_MAX)
        return -1;
    *ret = (int)value;
    return 0;
}

/* @return ERR_EXIT_OK to go on; -1 when --help was answered */
static int parse_options(int argc, char *argv[], uint64_t *factor)
{
    static const struct option options[] = {
        { "host", required_argument, NULL, 'h' },
        { "clock", required_argument, NULL, 'c' },
        { "cos", required_argument, NULL, 'o' },
        { "vmnixhbd", required_argument, NULL, 'b' },
        { "progress-fd", required_argument, NULL, 'p' },
        { "help", no_argument, NULL, '?' + 256 },
        { NULL, 0, NULL, 0 },
    };
    vmk.progress_fd = -1;
    for (int o; (o = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        int bad = 0;
        switch (o) {
        case 'h':
            bad = path_format(vmk.host_dir, "%s", optarg);
            if (strlen(optarg) + PATH_BELOW_HOST >= PATH_SIZE)
                bad = -ENAMETOOLONG;
            break;
        case 'c':
            bad = pace_parse(optarg, factor);
            break;
        case 'o':
            bad = path_format(vmk.cos_path, "%s", optarg);
            break;
        case 'b':
            bad = path_format(vmk.hbd_path, "%s", optarg);
            break;
        case 'p':
            bad = parse_fd(optarg, &vmk.progress_fd);
            break;
        case '?' + 256:
            (void)fputs(usage_text, stdout);
            return -1;
        default:
            return ERR_EXIT_INPUT;
        }
        if (bad != 0)
            return usage_error("bad value", optarg);
    }
    if (optind < argc)
        return usage_error("what is this", argv[optind]);
    return vmk.host_dir[0] != '\0' ? ERR_EXIT_OK : usage_error("--host is missing", NULL);
}

/* ---- the plan ------------------------------------------------------------------------------- */
/* What of the plan the VMkernel itself relies on. @return NULL or what is wrong */
static const char *plan_fault(const struct plan *p)
{
    if (profile_find(p->profile) == NULL)
        return "profile: there is no such profile";
    if (!path_is_plain(p->host, strlen(p->host)))
        return "host: a name of letters, digits, '.', '_' and '-' is wanted";
    if (!path_is_plain(p->datastore_uuid, strlen(p->datastore_uuid)))
        return "datastore_uuid: letters, digits and '-' are wanted";
    if (p->datastore_kb_per_s == 0)
        return "datastore_kb_per_s: must not be 0";
    if (p->ram_mb < MACHINE_RAM_MB_MIN || p->ram_mb > MACHINE_RAM_MB_MAX)
        return "ram_mb: out of range";
    if (p->pcpus < 1 || p->pcpus > WORLDS_PCPUS_MAX)
        return "pcpus: out of range";
    if (p->vms > WORLDS_VMS_MAX)
        return "vms: out of range";
    if (p->duration_ns > INT64_MAX || p->boot.cos_start_ns > p->duration_ns)
        return "duration_ns: out of range, or before cos_start_ns";
    if (p->after > BOOT_AFTER_PURPLE || (p->starts == 0) != (p->after == BOOT_AFTER_NOTHING))
        return "after: does not fit starts";
    if (p->boot.program_count > BOOT_PROGRAMS_MAX || p->boot.fault_count > BOOT_FAULTS_MAX)
        return "boot: too many programs or faults";
    return NULL;
}

static int load_plan(struct err *err)
{
    char path[PATH_SIZE];
    (void)path_join(path, vmk.host_dir, PATH_PLAN);
    const int error = plan_load(path, &vmk.plan, err);
    if (error != 0)
        return error;
    const char *fault = plan_fault(&vmk.plan);
    if (fault != NULL)
        return err_set(err, ERR_SYNTAX, "%s:1: %s", path, fault);
    vmk.profile = profile_find(vmk.plan.profile);
    return 0;
}

/* A virtual machine's worlds start with its vmware-vmx in the COS. Machines that no program stands
 * for start with the COS. */
static void make_worlds(void)
{
    const struct boot_params *boot = &vmk.plan.boot;
    uint64_t start_ns[WORLDS_VMS_MAX];
    uint32_t vm = 0;
    for (uint32_t i = 0; i < boot->program_count && vm < vmk.plan.vms; i++)
        if (strcmp(boot->program[i].name, "vmware-vmx") == 0)
            start_ns[vm++] = boot->program[i].start_ns;
    while (vm < vmk.plan.vms)
        start_ns[vm++] = boot->cos_start_ns;
    /* Cannot fail: plan_fault() has seen the ranges. */
    (void)worlds_init(&vmk.worlds, vmk.profile, vmk.plan.seed, vmk.plan.pcpus, vmk.plan.vms,
                      start_ns);
}

static void begin_routine(void)
{
    const struct plan *p = &vmk.plan;
    routine_init(&vmk.routine, &(struct routine_host){ .seed = p->seed,
                                                       .epoch_boot_s = p->epoch_boot_s,
                                                       .utc_offset_s = p->utc_offset_s,
                                                       .pcpus = p->pcpus,
                                                       .ram_mb = (uint32_t)p->ram_mb,
                                                       .vms = p->vms,
                                                       .product = vmk.profile->product,
                                                       .datastore = p->datastore_uuid });
}

/* ---- errors of ours ------------------------------------------------------------------------- */
/* An assertion failed somewhere: what is needed to see it again. abort() raises the signal, so the
 * handler interrupts nothing but the assertion, and snprintf() is as safe as elsewhere. */
static void on_abort(int number)
{
    (void)number;
    char line[160];
    /* NOLINTNEXTLINE(bugprone-signal-handler): see above */
    const int len = snprintf(line, sizeof line,
                             "vmkernel: internal error; scenario %s, seed %" PRIu64
                             ", virtual time %" PRIu64 " ns\n",
                             vmk.plan.scenario, vmk.plan.seed, vmk.now_ns);
    if (len > 0 && write(STDERR_FILENO, line, (size_t)len) < 0) {
        /* There is nobody to tell. */
    }
    _exit(ERR_EXIT_BUG);
}

static int report_bug(void)
{
    (void)fprintf(stderr,
                  "vmkernel: %s; scenario %s, seed %" PRIu64 ", virtual time %" PRIu64 " ns\n",
                  vmk.note[0] != '\0' ? vmk.note : "internal error", vmk.plan.scenario,
                  vmk.plan.seed, vmk.now_ns);
    return ERR_INTERNAL;
}

/* ---- the life of a host --------------------------------------------------------------------- */
static void write_pids(void)
{
    /* For whoever wants to kill or stop one; a pid file that fails is no reason to end. */
    (void)hostdir_write_pid(&vmk, "vmkernel", getpid());
    (void)hostdir_write_pid(&vmk, "cos", vmk.cos_pid);
    if (vmk.hbd_pid != 0)
        (void)hostdir_write_pid(&vmk, "vmnixhbd", vmk.hbd_pid);
}

static int run_console(uint64_t factor, struct err *err)
{
    struct pace pace;
    if (pace_init(&pace, factor, children_event_fd()) != 0) {
        pace_fini(&pace);
        return err_set(err, ERR_INTERNAL, "cannot set up the clock");
    }
    const int bad = console_run(&vmk, &pace);
    pace_fini(&pace);
    if (hostdir_write_result(&vmk, err) != 0)
        return ERR_INTERNAL;
    return bad != 0 ? report_bug() : 0;
}

/* The faults "dump-slot-small" and "dump-move-fail" are about disks as they are before the run. */
static const struct fault *disk_fault(enum fault_type type)
{
    for (uint32_t i = 0; i < vmk.plan.boot.fault_count; i++)
        if (vmk.plan.boot.fault[i].type == (uint32_t)type)
            return &vmk.plan.boot.fault[i];
    return NULL;
}

/* Not the first start of this host: bring to safety what the last one left, and rotate its logs. */
static int recover(struct err *err)
{
    const struct plan *p = &vmk.plan;
    const struct recovery recovery = {
        .io = vmk.io,
        .host_dir = vmk.host_dir,
        .host = p->host,
        .dump_dir = PATH_DUMPS, /* [KB308590]: /root/ or /var/core/, by release */
        .core_name = vmk.options.core_name[0] != '\0' ? vmk.options.core_name : NULL,
        .epoch_s = p->epoch_boot_s,
        .utc_offset_s = p->utc_offset_s,
        .move_fails = disk_fault(FAULT_DUMP_MOVE_FAIL) != NULL,
        .ret = &vmk.plan.boot.start,
    };
    if (p->starts == 0)
        return 0;
    vmk.plan.boot.start.after = p->after;
    recovery_rotate_logs(&recovery);
    (void)recovery_run(&recovery);
    return hostdir_write_start(&vmk, err);
}

/* A start that finds no datastore is one without its virtual machines' files, not a failed one. */
static int start_vmfs(struct vmfs *vmfs, struct err *err)
{
    const int error = vmfs_init(vmfs, &vmk, err);
    if (error == 0 || vmk.plan.starts == 0)
        return error;
    const struct profile_value uuid = { .name = "uuid", .text = vmk.plan.datastore_uuid };
    log_form(&vmk.log, LOG_WARNING, 0, 0, vmk.profile->world_base,
             "WARNING: FS3: 118: datastore {uuid} cannot be used", &uuid, 1);
    err->text[0] = '\0';
    return 0;
}

static int create_partition(struct err *err)
{
    const int error = dump_partition_create(&vmk);
    if (error == 0)
        return 0;
    return err_set(err, error, "%s/" PATH_DUMP_PARTITION ": %s", vmk.host_dir, err_text(error));
}

static int run_children(uint64_t factor, struct err *err)
{
    children_pin();
    int error = children_start(&vmk, err);
    if (error == 0) {
        write_pids();
        error = run_console(factor, err);
    }
    children_end(&vmk);
    hostdir_remove_pids(&vmk);
    return error;
}

/* @return 0, or a code of err.h with one line in err */
static int run_host(uint64_t factor, struct err *err)
{
    static struct hostdir dir;
    static struct vmfs vmfs;
    int error = hostdir_init(&dir, &vmk, err);
    if (error == 0)
        error = options_load(&vmk, err);
    if (error == 0)
        error = recover(err);
    if (error == 0)
        error = hostdir_open_logs(&vmk, err);
    if (error == 0) {
        const struct log_effects effects = hostdir_log_effects(&vmk);
        log_init(&vmk.log, &effects, vmk.plan.host, vmk.plan.epoch_boot_s, vmk.plan.utc_offset_s);
        make_worlds();
        begin_routine();
        fault_queue_init(&vmk.faults, vmk.plan.boot.fault, vmk.plan.boot.fault_count,
                         FAULT_SIDE_VMKERNEL);
        error = start_vmfs(&vmfs, err);
    }
    if (error == 0)
        error = machine_init(&vmk, err);
    if (error == 0)
        error = create_partition(err);
    if (error == 0)
        error = run_children(factor, err);
    vmfs_fini(&vmfs);
    machine_fini(&vmk.machine);
    hostdir_fini(&dir, &vmk);
    return error;
}

int main(int argc, char *argv[])
{
    struct err err = { "" };
    uint64_t factor = 0;
    if (path_beside(vmk.cos_path, "cos") != 0 || path_beside(vmk.hbd_path, "vmnixhbd") != 0)
        vmk.cos_path[0] = vmk.hbd_path[0] = '\0'; /* --cos and --vmnixhbd must say */
    const int usage = parse_options(argc, argv, &factor);
    if (usage != ERR_EXIT_OK)
        return usage < 0 ? ERR_EXIT_OK : usage;
    (void)signal(SIGABRT, on_abort);
    (void)signal(SIGPIPE, SIG_IGN); /* a reader of the progress may leave */
    (void)umask(022);
    vmk.host_fd = vmk.journal_fd = -1;
    vmk.io = &dumpio_real;
    int error = load_plan(&err);
    if (error == 0)
        error = run_host(factor, &err);
    if (err.text[0] != '\0')
        (void)fprintf(stderr, "vmkernel: %s\n", err.text);
    return (int)err_exit(error);
}
