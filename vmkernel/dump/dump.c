/* dump.c - see dump.h. */
#include "vmkernel/dump/dump.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shared/err.h"
#include "shared/path.h"
#include "shared/rng.h"
#include "shared/units.h"
#include "vmkernel/dump/coscore.h"
#include "vmkernel/dump/dump_text.h"
#include "vmkernel/dump/psod.h"
#include "vmkernel/dump/storeio.h"
#include "vmkernel/dump/stun.h"
#include "vmkernel/foreign/helper.h"
#include "vmkernel/dump/zdump_write.h"
#include "vmkernel/host/vmk.h"

#define OLDER_CORES_MAX 99u

/* Everything that one dump gathers. */
struct dump {
    struct vmk *vmk;
    const struct dumpio *io;
    const char *headline;
    const struct vmkpanic *panic; /* NULL = the COS is lost */
    uint64_t stun_ns;
    bool failed; /* an artefact is missing; vmk->note names the first one */
    bool has_image;
    struct cosmem mem; /* of `has_image` */
    struct cos_tasks tasks;
    struct cos_trace *traces;
    struct zdump_slot slot; /* slot_count 0 = no dump partition */
    char log[PSOD_LOG_LINES][LOG_LINE_MAX];
    uint32_t log_count;
    char after[2][LOG_LINE_MAX]; /* "Dumping core to", and that it failed */
    uint32_t after_count;
    char screen[SCREEN_TEXT_MAX];
    struct problems notes;
};

static void __attribute__((format(printf, 2, 3))) fail(struct dump *d, const char *format, ...)
{
    char text[PROBLEMS_LINE_MAX];
    va_list ap;
    va_start(ap, format);
    (void)vsnprintf(text, sizeof text, format, ap);
    va_end(ap);
    problems_add(&d->notes, "%s", text);
    if (!d->failed)
        (void)snprintf(d->vmk->note, sizeof d->vmk->note, "%s", text);
    d->failed = true;
}

/* ---- stun ------------------------------------------------------------------------------------ */

/* @return true when the process is frozen */
static bool stun_one(struct dump *d, pid_t *pid, const char *name)
{
    if (*pid <= 0) {
        problems_add(&d->notes, "%s: no process", name);
        return false;
    }
    switch (stun_process(*pid)) {
    case STUN_OK:
        return true;
    case STUN_DEAD:
        problems_add(&d->notes, "%s: died before it could be stunned", name);
        *pid = 0;
        return false;
    case STUN_REFUSED:
        problems_add(&d->notes,
                     "%s: could not be stunned (somebody traces it); it is ended after the dump",
                     name);
        return false;
    }
    return false;
}

static void stun(struct dump *d)
{
    struct vmk *vmk = d->vmk;
    d->stun_ns = vmk->now_ns;
    const bool died = vmk->cos == VMK_COS_NOT_STUNNED;
    const bool cos_stunned = !died && stun_one(d, &vmk->cos_pid, "cos");
    if (vmk->hbd_pid > 0)
        (void)stun_one(d, &vmk->hbd_pid, "vmnixhbd");
    vmk->cos = cos_stunned ? VMK_COS_STUNNED : VMK_COS_NOT_STUNNED;
    if (!cos_stunned)
        problems_add(&d->notes, "not stunned%s",
                     died ? ": the COS had died; registers are those of its last hand-over" : "");
}

/* ---- reading the COS ------------------------------------------------------------------------- */

int dump_current_task(const struct vmk *vmk, char comm[16], uint32_t *ret_pid)
{
    struct cosmem mem;
    struct err err;
    struct cos_task task;
    uint32_t address;
    int result = -1;
    if (cosmem_open(&mem, vmk->cos_path, vmk->machine.ram, vmk->machine.ram_bytes, NULL, &err) != 0)
        return -1;
    if (cosview_variable(&mem.view, "current_task", &address, sizeof address) &&
        cos_task_read(&mem.view, address, &task)) {
        memcpy(comm, task.comm, COS_COMM);
        *ret_pid = task.pid;
        result = 0;
    }
    cosmem_close(&mem);
    return result;
}

static void read_cos(struct dump *d)
{
    struct err err;
    if (cosmem_open(&d->mem, d->vmk->cos_path, d->vmk->machine.ram, d->vmk->machine.ram_bytes,
                    &d->notes, &err) != 0) {
        problems_add(&d->notes, "the COS cannot be read: %s", err.text);
        return;
    }
    d->has_image = true;
    cosmem_tasks(&d->mem, &d->tasks);
    d->traces = helper_unwind(&d->mem, &d->tasks);
    if (d->traces == NULL)
        problems_add(&d->notes, "unwinding: not enough memory");
}

/* ---- log lines ------------------------------------------------------------------------------- */

static void log_cos_error(struct dump *d)
{
    struct vmk *vmk = d->vmk;
    const struct profile_value headline = { .name = "headline", .text = d->headline };
    vmk->now_ns += DUMP_ERROR_DELAY_NS;
    log_form(&vmk->log, LOG_ALERT, vmk->now_ns, 0, worlds_on_pcpu(&vmk->worlds, 0, vmk->now_ns)->id,
             vmk->profile->form_cos_error, &headline, 1);
    d->log_count = log_tail(&vmk->log, d->log, PSOD_LOG_LINES);
}

/* A line that comes after those on the screen's upper part; it stands on its lower one. */
static void log_after(struct dump *d, enum log_level level, const char *form, const char *why)
{
    struct vmk *vmk = d->vmk;
    const struct profile_value values[] = { { .name = "uuid", .text = vmk->options.core_uuid },
                                            { .name = "name", .text = vmk->options.core_name },
                                            { .name = "why", .text = why } };
    log_form(&vmk->log, level, vmk->now_ns, vmk->worlds.dump_pcpu,
             vmk->worlds.world[vmk->worlds.dump_world].id, form, values, 3);
    d->after_count = log_tail(&vmk->log, d->after, d->after_count < 2 ? d->after_count + 1 : 2);
}

/* ---- the cos-core ---------------------------------------------------------------------------- */

static bool exists(const struct dumpio *io, const char *path, int *ret_error)
{
    const int fd = io->open(io, path, O_RDONLY | O_CLOEXEC, 0);
    *ret_error = fd < 0 && fd != -ENOENT ? fd : 0;
    if (fd >= 0)
        (void)io->close(io, fd);
    return fd >= 0;
}

/* A core that no start has moved yet gives way under another name: .1, .2, ...; one that was cut
 * has its temporary name still, and keeps that ending. @return false when it is in the way */
static bool keep_older_core(struct dump *d, const struct dumpio *io, const char *name,
                            const char *suffix)
{
    char path[PATH_SIZE], older[PATH_SIZE];
    int error = 0;
    uint32_t n = 1;
    (void)path_format(path, "%s%s", name, suffix);
    if (!exists(io, path, &error) && error == 0)
        return true;
    for (; n <= OLDER_CORES_MAX && error == 0; n++) {
        (void)path_format(older, "%s.%" PRIu32 "%s", name, n, suffix);
        if (!exists(io, older, &error))
            break;
    }
    if (n > OLDER_CORES_MAX)
        error = -ENOSPC;
    if (error == 0)
        error = io->rename(io, path, older);
    if (error == 0)
        error = io->sync_folder(io, path);
    if (error == 0)
        problems_add(&d->notes, "the core of an earlier failure is kept as %s",
                     older + strlen(d->vmk->host_dir));
    else
        fail(d, "the core of an earlier failure cannot be given another name: %s", err_text(error));
    return error == 0;
}

/* If the older core is in the way and stays there, this one takes the last number. */
static void choose_core_name(struct dump *d, const struct dumpio *io, char path[PATH_SIZE])
{
    const bool whole_kept = keep_older_core(d, io, path, "");
    const bool cut_kept = keep_older_core(d, io, path, ".tmp");
    const size_t used = strlen(path);
    if (whole_kept && cut_kept)
        return;
    (void)snprintf(path + used, PATH_SIZE - used, ".%" PRIu32, OLDER_CORES_MAX + 1);
    problems_add(&d->notes, "this core is written as %s", path + strlen(d->vmk->host_dir));
}

static void write_core(struct dump *d)
{
    struct vmk *vmk = d->vmk;
    char path[PATH_SIZE];
    struct core_result done;
    struct storeio store;
    if (!d->has_image) {
        fail(d, "no cos-core: the COS's image cannot be read");
        return;
    }
    vmk->now_ns += DUMP_CORE_DELAY_NS;
    if (vmk->options.core_name[0] == '\0') { /* as it was set up: no failure of the dump */
        problems_add(&d->notes, "no cos-core: Misc.CosCoreFile: %s", vmk->options.core_why);
        log_after(d, LOG_WARNING, vmk->profile->form_cos_dump_none, vmk->options.core_why);
        return;
    }
    log_after(d, LOG_INFO, vmk->profile->form_cos_dump, "");
    (void)path_format(path, "%s/" PATH_VOLUMES "/%s/%s", vmk->host_dir, vmk->options.core_uuid,
                      vmk->options.core_name);
    storeio_init(&store, vmk, d->io);
    choose_core_name(d, &store.table, path);
    const struct core_source src = {
        .mem = &d->mem,
        .tasks = &d->tasks,
        .memory_fd = vmk->machine.memory_fd,
        .ram_offset = MACHINE_RAM_OFFSET,
        .release = vmk->plan.boot.release,
        .stunned = vmk->cos == VMK_COS_STUNNED,
        .time_ns = d->stun_ns,
    };
    const int result = coscore_write(&store.table, path, &src, &done);
    if (result != 0) {
        fail(d, "no cos-core: %s", err_text(result));
        log_after(d, LOG_WARNING, vmk->profile->form_cos_dump_failed, err_text(result));
        return;
    }
    /* A datastore takes the whole of it, holes or not. */
    if (vmk->plan.datastore_kb_per_s > 0)
        vmk->now_ns += (uint64_t)((unsigned __int128)done.bytes * NS_PER_S / 1024 /
                                  vmk->plan.datastore_kb_per_s);
}

/* ---- the screen ------------------------------------------------------------------------------ */

static void show(struct dump *d, const char *text)
{
    const int result = psod_show(d->io, d->vmk->host_dir, text);
    if (result != 0)
        fail(d, "no screen on the console: %s", err_text(result));
}

static void show_interim(struct dump *d)
{
    char text[SCREEN_LINE_MAX * 2];
    const int n = screen_interim_text(d->vmk->profile->product, text, sizeof text);
    assert(n > 0);
    show(d, text);
}

static void make_screen(struct dump *d)
{
    const struct vmk *vmk = d->vmk;
    struct screen *screen = calloc(1, sizeof *screen);
    struct psod_source src = {
        .profile = vmk->profile,
        .worlds = &vmk->worlds,
        .headline = d->headline,
        .panic = d->panic,
        .current = cos_task_current(&d->tasks),
        .save_area = psod_save_area(vmk->profile, vmk->worlds.root),
        .ram_bytes = vmk->machine.ram_bytes,
        .cpu_khz = vmk->plan.cpu_khz,
        .stun_ns = d->stun_ns,
        .paint_ns = vmk->now_ns,
        .log = d->log,
        .log_count = d->log_count,
        .after = d->after,
        .after_count = d->after_count,
        .slot = d->slot.slot,
        .slot_count = d->slot.slot_count,
    };
    if (screen == NULL) {
        fail(d, "no screen: not enough memory");
        return;
    }
    if (d->has_image && !cosview_variable(&d->mem.view, "last_fault_address",
                                          &src.last_fault_address, sizeof src.last_fault_address))
        problems_add(&d->notes, "last_fault_address is out of reach");
    psod_compose(&src, screen);
    const int n = screen_text(screen, d->screen, sizeof d->screen);
    assert(n > 0);
    free(screen);
    show(d, d->screen);
}

/* ---- the zdump ------------------------------------------------------------------------------- */

/* Make the text of each section. Backwards, so that the notes (first) hold what was noted while the
 * others were made. */
static int make_parts(const struct dump *d, struct zdump_part *parts)
{
    const struct dump_text text_of = {
        .vmk = d->vmk,
        .headline = d->headline,
        .stun_ns = d->stun_ns,
        .screen = d->screen,
        .notes = &d->notes,
        .view = d->has_image ? &d->mem.view : NULL,
        .tasks = &d->tasks,
        .traces = d->traces,
    };
    for (size_t i = ZDUMP_PARTS; i-- > 0;) {
        char *text = NULL;
        FILE *f = open_memstream(&text, &parts[i].len);
        if (f == NULL)
            return -ENOMEM;
        dump_text_print(f, zdump_order[i], &text_of);
        const int failed = fclose(f);
        parts[i].type = zdump_order[i];
        parts[i].data = text;
        if (failed != 0)
            return -ENOMEM;
    }
    return 0;
}

static void free_parts(struct zdump_part *parts)
{
    for (size_t i = 0; i < ZDUMP_PARTS; i++)
        free((char *)(uintptr_t)parts[i].data);
}

/* The screen's last line, when there is something wrong. OUR CHOICE of words. */
static void show_zdump_failed(struct dump *d, const char *why)
{
    const size_t used = strlen(d->screen);
    (void)snprintf(d->screen + used, sizeof d->screen - used,
                   "Dump to slot %" PRIu32 " of %" PRIu32 " failed: %s\n", d->slot.slot + 1,
                   d->slot.slot_count, why);
    show(d, d->screen);
}

static void write_zdump(struct dump *d)
{
    const struct vmk *vmk = d->vmk;
    char path[PATH_SIZE];
    struct zdump_part parts[ZDUMP_PARTS] = { 0 };
    struct zdump_slot slot = d->slot;
    if (slot.slot_count == 0) {
        fail(d, "no zdump: there is no dump partition");
        return;
    }
    (void)path_join(path, vmk->host_dir, PATH_DUMP_PARTITION);
    slot.uptime_ns = vmk->now_ns;
    slot.epoch_s = vmk->plan.epoch_boot_s + (int64_t)(vmk->now_ns / NS_PER_S);
    /* The same instant of the same boot is the same dump. */
    slot.dump_id = rng_hash((uint64_t)vmk->plan.epoch_boot_s, vmk->now_ns);
    (void)snprintf(slot.build, sizeof slot.build, "%s", vmk->profile->build);
    (void)snprintf(slot.host, sizeof slot.host, "%s", vmk->plan.host);
    (void)snprintf(slot.reason, sizeof slot.reason, "%s%.80s",
                   d->panic != NULL ? "" : "COS Error: ", d->headline);
    int result = make_parts(d, parts);
    if (result == 0)
        result = zdump_write(d->io, path, &slot, parts, ZDUMP_PARTS);
    free_parts(parts);
    if (result != 0) {
        fail(d, "zdump not whole: %s", err_text(result));
        show_zdump_failed(d, err_text(result));
    }
}

/* ---- all of it ------------------------------------------------------------------------------- */

static void choose_slot(struct dump *d)
{
    char path[PATH_SIZE];
    (void)path_join(path, d->vmk->host_dir, PATH_DUMP_PARTITION);
    const int result = zdump_partition_choose(d->io, path, &d->slot);
    if (result != 0)
        problems_add(&d->notes, "dump partition: %s", err_text(result));
    else if (d->slot.state == ZDUMP_COMPLETE || d->slot.state == ZDUMP_WRITING)
        problems_add(&d->notes,
                     "slot %" PRIu32 " of %" PRIu32
                     " held a dump that no start had copied; this one "
                     "takes its place",
                     d->slot.slot + 1, d->slot.slot_count);
}

/* @return NULL: no memory */
static struct dump *begin(struct vmk *vmk, const char *headline)
{
    assert(vmk != NULL && headline != NULL && vmk->io != NULL);
    struct dump *d = calloc(1, sizeof *d);
    if (d == NULL)
        return NULL;
    d->vmk = vmk;
    d->notes.repeats = true;
    d->io = vmk->io;
    d->headline = headline;
    (void)snprintf(vmk->headline, sizeof vmk->headline, "%s", headline);
    return d;
}

int dump_cos_error(struct vmk *vmk, const char *headline)
{
    struct dump *d = begin(vmk, headline);
    if (d == NULL)
        return -1;
    stun(d);
    log_cos_error(d);
    read_cos(d);
    choose_slot(d);
    if (vmk->options.psod_on_cos_panic) {
        show_interim(d);
        write_core(d);
        make_screen(d);
        write_zdump(d);
    } else { /* [KB1032962]: the VMkernel goes on, without a console and without a screen */
        write_core(d);
    }
    vmk->end = vmk->options.psod_on_cos_panic ? VMK_END_PURPLE : VMK_END_NO_CONSOLE;

    const int result = d->failed ? -1 : 0;
    free(d->traces);
    cos_tasks_free(&d->tasks);
    if (d->has_image)
        cosmem_close(&d->mem);
    free(d);
    return result;
}

/* What a VMkernel logs that ends: its alerts, on the pCPU where it happened. */
static void log_panic(struct dump *d)
{
    struct vmk *vmk = d->vmk;
    for (uint32_t i = 0; i < d->panic->line_count; i++)
        log_put(&vmk->log, LOG_ALERT, vmk->now_ns, d->panic->pcpu, d->panic->world->id,
                d->panic->line[i]);
    d->log_count = log_tail(&vmk->log, d->log, PSOD_LOG_LINES);
}

int dump_vmkernel_error(struct vmk *vmk, const struct vmkpanic *panic)
{
    struct dump *d = begin(vmk, panic->headline);
    if (d == NULL)
        return -1;
    d->panic = panic;
    stun(d);
    log_panic(d);
    choose_slot(d);
    make_screen(d);
    write_zdump(d);
    vmk->end = VMK_END_PURPLE;
    const int result = d->failed ? -1 : 0;
    free(d);
    return result;
}

int dump_partition_create(const struct vmk *vmk)
{
    char path[PATH_SIZE];
    uint64_t bytes = ZDUMP_PARTITION_BYTES;
    (void)path_join(path, vmk->host_dir, PATH_DUMP_PARTITION);
    const int fd = vmk->io->open(vmk->io, path, O_RDONLY | O_CLOEXEC, 0);
    if (fd >= 0)
        return vmk->io->close(vmk->io, fd); /* a later start: there may be a dump in it */
    for (uint32_t i = 0; i < vmk->plan.boot.fault_count; i++)
        if (vmk->plan.boot.fault[i].type == FAULT_DUMP_SLOT_SMALL)
            bytes = vmk->plan.boot.fault[i].size_kb * KB;
    if (bytes < DUMP_PARTITION_MIN)
        bytes = DUMP_PARTITION_MIN;
    return zdump_partition_create(vmk->io, path, 1, bytes);
}
