/* hostdir.c - see hostdir.h. */
#include "vmkernel/host/hostdir.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <jansson.h>

#include "shared/err.h"
#include "shared/io.h"
#include "shared/path.h"
#include "shared/units.h"

static const char *const folders[] = {
    "etc",          "etc/vmware", "var",        PATH_LOGS, PATH_DUMPS_4, "proc",   PATH_DUMPS,
    PATH_OLD_CORES, "vmfs",       PATH_VOLUMES, "dev",     PATH_CONSOLE, PATH_RUN,
};
static const char *const log_paths[LOG_FILES] = { PATH_VMKERNEL_LOG, PATH_VMKWARNING_LOG };
static const char *const pid_names[] = { "vmkernel", "cos", "vmnixhbd" };

/* The call that failed last was about PATH in the host's folder. */
static int fail(const struct vmk *vmk, const char *path, struct err *err)
{
    const int error = -errno;
    return err_set(err, error, "%s/%s: %s", vmk->host_dir, path, err_text(error));
}

/* A file that shall be there after a power cut, too. */
static int write_file(const struct vmk *vmk, const char *path, const char *text, size_t bytes,
                      struct err *err)
{
    const int error = io_replace(vmk->host_fd, path, text, bytes, true);
    if (error == 0)
        return 0;
    return err_set(err, error, "%s/%s: %s", vmk->host_dir, path, err_text(error));
}

/* [?] The product's esx.conf has hundreds of lines; these are the ones that anything here reads.
 * Keys: names of the options [KB1032962], paths OUR CHOICE. Written at the first start of a host;
 * later ones find what somebody may have changed. */
static int write_esx_conf(const struct vmk *vmk, struct err *err)
{
    const struct plan *p = &vmk->plan;
    char text[1024];
    if (faccessat(vmk->host_fd, PATH_ESXCONF, F_OK, 0) == 0)
        return 0;
    const int bytes =
        snprintf(text, sizeof text,
                 "/adv/Misc/CosCoreFile = \"/vmfs/volumes/%s/cos-core-%s\"\n"
                 "/adv/Misc/HostName = \"%s\"\n"
                 "/adv/Misc/PsodOnCosPanic = \"1\"\n"
                 "/system/dumpPartition = \"vmhba0:0:0:5\"\n"
                 "/system/build = \"%s\"\n"
                 "/system/profile = \"%s\"\n",
                 p->datastore_uuid, p->host, p->host, vmk->profile->build, vmk->profile->name);
    assert(bytes > 0 && (size_t)bytes < sizeof text);
    return write_file(vmk, PATH_ESXCONF, text, (size_t)bytes, err);
}

static int make_folders(const struct vmk *vmk, struct err *err)
{
    char store[128];
    for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++)
        if (mkdirat(vmk->host_fd, folders[i], 0755) != 0 && errno != EEXIST)
            return fail(vmk, folders[i], err);
    (void)snprintf(store, sizeof store, PATH_VOLUMES "/%s", vmk->plan.datastore_uuid);
    if (mkdirat(vmk->host_fd, store, 0755) != 0 && errno != EEXIST)
        return fail(vmk, store, err);
    return 0;
}

static int take_lock(struct hostdir *dir, const struct vmk *vmk, struct err *err)
{
    dir->lock_fd = openat(vmk->host_fd, PATH_LOCK, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (dir->lock_fd < 0)
        return fail(vmk, PATH_LOCK, err);
    if (flock(dir->lock_fd, LOCK_EX | LOCK_NB) != 0)
        return err_set(err, -EBUSY, "%s: another VMkernel runs this host", vmk->host_dir);
    return 0;
}

int hostdir_init(struct hostdir *dir, struct vmk *vmk, struct err *err)
{
    dir->lock_fd = -1;
    vmk->host_fd = open(vmk->host_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (vmk->host_fd < 0)
        return err_file(err, -errno, vmk->host_dir);
    int error = make_folders(vmk, err);
    if (error == 0)
        error = take_lock(dir, vmk, err);
    return error != 0 ? error : write_esx_conf(vmk, err);
}

static int open_log(const struct vmk *vmk, enum log_file file)
{
    return openat(vmk->host_fd, log_paths[file], O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
}

int hostdir_open_logs(struct vmk *vmk, struct err *err)
{
    for (unsigned i = 0; i < LOG_FILES; i++) {
        const int fd = open_log(vmk, (enum log_file)i);
        if (fd < 0)
            return fail(vmk, log_paths[i], err);
        (void)close(fd);
    }
    vmk->journal_fd =
        openat(vmk->host_fd, PATH_JOURNAL, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    return vmk->journal_fd >= 0 ? 0 : fail(vmk, PATH_JOURNAL, err);
}

static void close_fd(int *fd)
{
    if (*fd >= 0)
        (void)close(*fd);
    *fd = -1;
}

void hostdir_fini(struct hostdir *dir, struct vmk *vmk)
{
    close_fd(&vmk->journal_fd);
    close_fd(&dir->lock_fd);
    close_fd(&vmk->host_fd);
}

/* Opened for each line: the console's logrotate gives logs other names. */
static int append(void *context, enum log_file file, const char *text, size_t bytes)
{
    const struct vmk *vmk = context;
    const int fd = open_log(vmk, file);
    if (fd < 0)
        return -errno;
    const int error = io_write(fd, text, bytes);
    const int closed = close(fd) != 0 ? -errno : 0;
    return error != 0 ? error : closed;
}

struct log_effects hostdir_log_effects(struct vmk *vmk)
{
    return (struct log_effects){ .context = vmk, .append = append };
}

int hostdir_write_pid(const struct vmk *vmk, const char *name, pid_t pid)
{
    char path[64], text[32];
    (void)snprintf(path, sizeof path, "run/%s.pid", name);
    const int bytes = snprintf(text, sizeof text, "%d\n", (int)pid);
    /* Of no use after a power cut. */
    return io_replace(vmk->host_fd, path, text, (size_t)bytes, false);
}

void hostdir_remove_pids(const struct vmk *vmk)
{
    char path[64];
    for (size_t i = 0; i < sizeof pid_names / sizeof pid_names[0]; i++) {
        (void)snprintf(path, sizeof path, "run/%s.pid", pid_names[i]);
        (void)unlinkat(vmk->host_fd, path, 0);
    }
}

static void put_journal(struct vmk *vmk, const char *line, size_t bytes)
{
    const int error = io_write(vmk->journal_fd, line, bytes);
    if (error != 0)
        (void)snprintf(vmk->note, sizeof vmk->note, PATH_JOURNAL ": %s", err_text(error));
}

void hostdir_journal(struct vmk *vmk, uint64_t at_ns, const char *event, const char *target)
{
    char line[192];
    const int bytes =
        snprintf(line, sizeof line, "{\"at_ns\":%" PRIu64 ",\"event\":\"%s\",\"target\":\"%s\"}\n",
                 at_ns, event, target);
    assert(bytes > 0 && (size_t)bytes < sizeof line);
    put_journal(vmk, line, (size_t)bytes);
}

void hostdir_journal_fault(struct vmk *vmk, const struct fault_note *note, const char *type,
                           const char *what)
{
    char line[256];
    const int bytes =
        snprintf(line, sizeof line,
                 "{\"at_ns\":%" PRIu64 ",\"event\":\"fault\",\"fault\":%" PRIu32
                 ",\"type\":\"%s\",\"what\":\"%s\",\"value\":[%" PRIu64 ",%" PRIu64 "]}\n",
                 note->at_ns, note->fault, type, what, note->value[0], note->value[1]);
    assert(bytes > 0 && (size_t)bytes < sizeof line);
    put_journal(vmk, line, (size_t)bytes);
}

static const char *outcome_name(enum vmk_outcome outcome)
{
    switch (outcome) {
    case VMK_SURVIVED:
        return "survived";
    case VMK_LOST_HEARTBEAT:
        return "lost-heartbeat";
    case VMK_COS_OOPS:
        return "cos-oops";
    case VMK_VMKERNEL_PSOD:
        return "vmkernel-psod";
    case VMK_COS_PANIC:
        return "cos-panic";
    case VMK_RUNNING:
        break;
    }
    return "running";
}

static const char *end_name(enum vmk_end end)
{
    static const char *const names[] = {
        [VMK_END_OFF] = "off",       [VMK_END_RUNNING] = "running",
        [VMK_END_HALT] = "halt",     [VMK_END_REBOOT] = "reboot",
        [VMK_END_PURPLE] = "purple", [VMK_END_NO_CONSOLE] = "no-console"
    };
    return names[end];
}

static int write_json(const struct vmk *vmk, const char *path, json_t *root, struct err *err)
{
    char *text = root != NULL ? json_dumps(root, JSON_INDENT(2) | JSON_REAL_PRECISION(15)) : NULL;
    const int error = text != NULL ? write_file(vmk, path, text, strlen(text), err)
                                   : err_file(err, -ENOMEM, path);
    free(text);
    json_decref(root);
    return error;
}

int hostdir_write_start(const struct vmk *vmk, struct err *err)
{
    const struct boot_start *start = &vmk->plan.boot.start;
    json_t *lines = json_array();
    for (uint32_t i = 0; i < start->line_count; i++)
        (void)json_array_append_new(lines, json_string(start->line[i]));
    return write_json(vmk, PATH_START,
                      json_pack("{ss si so}", "schema", "lostbeat/start/1", "starts",
                                (int)vmk->plan.starts, "lines", lines),
                      err);
}

int hostdir_write_result(const struct vmk *vmk, struct err *err)
{
    const uint64_t uptime_ms = vmk->now_ns / NS_PER_MS;
    const double uptime_s = (double)uptime_ms / 1000.0;
    return write_json(vmk, PATH_RESULT,
                      json_pack("{ss ss sf sI sf ss sb ss ss si}", "schema", "lostbeat/result/1",
                                "outcome", outcome_name(vmk->outcome), "uptime_s", uptime_s,
                                "beats", (json_int_t)vmk->hb.beats, "virtual_s", uptime_s,
                                "headline", vmk->headline, "stunned", vmk->cos == VMK_COS_STUNNED,
                                "note", vmk->note, "end", end_name(vmk->end), "starts",
                                (int)vmk->plan.starts),
                      err);
}
