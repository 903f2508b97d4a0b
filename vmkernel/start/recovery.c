/* recovery.c - see recovery.h. */
#include "vmkernel/start/recovery.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shared/calendar.h"
#include "shared/zdump.h"
#include "vmkernel/io/gzipfile.h"

#define PATH_BYTES 4608u
#define NAME_BYTES 256u
#define VMKERNEL_ROTATIONS 36u /* [NSMALL] */
#define OTHER_ROTATIONS 12u    /* OUR CHOICE, as the sizes below */
#define SUMMARY_BYTES_MAX (512u * 1024)
#define MESSAGES_BYTES_MAX (1024u * 1024)
#define ZDUMP_PREFIX "vmkernel-zdump-"
#define CORE_PREFIX "cos-core-"
#define OLD_CORES "root/old_cores"
#define CORE_SUFFIX ".core.gz"
#define CUT_SUFFIX ".cut.gz"
#define TEMPORARY ".tmp"

/* Where files of earlier starts may lie; the third is where vm-support puts them. */
static const char *const dump_dirs[] = { "root", "var/core", OLD_CORES };

/* One run of the recovery. */
struct run {
    const struct recovery *r;
    struct dumpio io; /* r->io, or one that has no space for copies */
    uint32_t saved;
    uint32_t dumps, cores; /* that were met, whatever became of them */
};

static void __attribute__((format(printf, 2, 3)))
tell(const struct run *run, const char *format, ...)
{
    struct boot_start *s = run->r->ret;
    if (s->line_count == BOOT_START_LINES_MAX)
        return;
    va_list ap;
    va_start(ap, format);
    (void)vsnprintf(s->line[s->line_count++], BOOT_START_LINE_MAX, format, ap);
    va_end(ap);
}

static void path_of(const struct recovery *r, char *ret, const char *folder, const char *name)
{
    const int n = snprintf(ret, PATH_BYTES, "%s/%s%s%s", r->host_dir, folder,
                           name[0] != '\0' ? "/" : "", name);
    assert(n > 0 && (unsigned)n < PATH_BYTES);
}

static bool begins(const char *name, const char *prefix)
{
    return strncmp(name, prefix, strlen(prefix)) == 0;
}

static bool ends(const char *name, const char *suffix)
{
    const size_t n = strlen(name), m = strlen(suffix);
    return n > m && strcmp(name + n - m, suffix) == 0;
}

/* ---- the fault: no space where copies go ----------------------------------------------------- */
static int full_open(void *ctx, const char *path, int flags, mode_t mode)
{
    const struct recovery *r = ctx;
    const char *below = path + strlen(r->host_dir);
    if ((flags & O_CREAT) != 0 && (begins(below, "/root/") || begins(below, "/var/core/")))
        return -ENOSPC;
    return r->io->open(r->io->ctx, path, flags, mode);
}

/* Only `open` is asked with the recovery as context; the caller of `io` passes io->ctx, so the
 * other functions are wrapped too. */
static ssize_t full_pwrite(void *ctx, int fd, const void *bytes, size_t len, off_t offset)
{
    const struct recovery *r = ctx;
    return r->io->pwrite(r->io->ctx, fd, bytes, len, offset);
}
static int full_fsync(void *ctx, int fd)
{
    const struct recovery *r = ctx;
    return r->io->fsync(r->io->ctx, fd);
}
static int full_close(void *ctx, int fd)
{
    const struct recovery *r = ctx;
    return r->io->close(r->io->ctx, fd);
}
static int full_rename(void *ctx, const char *from, const char *to)
{
    const struct recovery *r = ctx;
    return r->io->rename(r->io->ctx, from, to);
}
static int full_unlink(void *ctx, const char *path)
{
    const struct recovery *r = ctx;
    return r->io->unlink(r->io->ctx, path);
}
static int full_sync_folder(void *ctx, const char *folder)
{
    const struct recovery *r = ctx;
    return r->io->sync_folder(r->io->ctx, folder);
}
static ssize_t full_pread(void *ctx, int fd, void *bytes, size_t len, off_t offset)
{
    const struct recovery *r = ctx;
    return r->io->pread(r->io->ctx, fd, bytes, len, offset);
}
static int full_list(void *ctx, const char *folder, int (*each)(void *arg, const char *name),
                     void *arg)
{
    const struct recovery *r = ctx;
    return r->io->list(r->io->ctx, folder, each, arg);
}

static struct dumpio effects(const struct recovery *r)
{
    if (!r->move_fails)
        return *r->io;
    return (struct dumpio){ .ctx = (void *)(uintptr_t)r,
                            .open = full_open,
                            .pwrite = full_pwrite,
                            .fsync = full_fsync,
                            .close = full_close,
                            .rename = full_rename,
                            .unlink = full_unlink,
                            .sync_folder = full_sync_folder,
                            .pread = full_pread,
                            .list = full_list };
}

/* ---- reading --------------------------------------------------------------------------------- */
static int open_read(const struct dumpio *io, const char *path)
{
    return io->open(io->ctx, path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW, 0);
}

/* As many of `len` bytes as there are. @return how many, or -errno */
static ssize_t read_all(const struct dumpio *io, int fd, unsigned char *to, size_t len,
                        uint64_t offset)
{
    size_t got = 0;
    while (got < len) {
        const ssize_t n = io->pread(io->ctx, fd, to + got, len - got, (off_t)(offset + got));
        if (n == -EINTR)
            continue;
        if (n < 0)
            return n;
        if (n == 0)
            break;
        got += (size_t)n;
    }
    return (ssize_t)got;
}

/* ---- log files ------------------------------------------------------------------------------- */
/* The first number that no rotation has; at most `most`, which then is the oldest and goes. A gap
 * is what an interrupted rotation left: what is above it stays where it is. @return 0 when a name
 * cannot be looked up: then nothing may be renamed onto it */
static uint32_t first_free(const struct recovery *r, const char *name, uint32_t most)
{
    char path[PATH_BYTES], rotated[NAME_BYTES];
    for (uint32_t i = 1; i < most; i++) {
        (void)snprintf(rotated, sizeof rotated, "%s.%" PRIu32, name, i);
        path_of(r, path, "var/log", rotated);
        const int fd = open_read(r->io, path);
        if (fd < 0)
            return fd == -ENOENT ? i : 0;
        (void)r->io->close(r->io->ctx, fd);
    }
    return most;
}

static void rotate(const struct recovery *r, const char *name, uint32_t most)
{
    char from[PATH_BYTES], to[PATH_BYTES], rotated[NAME_BYTES];
    for (uint32_t i = first_free(r, name, most); i > 0; i--) {
        (void)snprintf(rotated, sizeof rotated, "%s.%" PRIu32, name, i);
        path_of(r, to, "var/log", rotated);
        (void)snprintf(rotated, sizeof rotated, "%s.%" PRIu32, name, i - 1);
        path_of(r, from, "var/log", i > 1 ? rotated : name);
        if (r->io->rename(r->io->ctx, from, to) != 0)
            return; /* the log goes on in the old file */
    }
}

static bool is_larger(const struct recovery *r, const char *name, uint64_t bytes)
{
    char path[PATH_BYTES], byte[1];
    path_of(r, path, "var/log", name);
    const int fd = open_read(r->io, path);
    if (fd < 0)
        return false;
    const ssize_t got = r->io->pread(r->io->ctx, fd, byte, 1, (off_t)bytes);
    (void)r->io->close(r->io->ctx, fd);
    return got == 1;
}

void recovery_rotate_logs(const struct recovery *r)
{
    static const struct {
        const char *name;
        uint64_t bytes; /* rotated when it is larger */
        uint32_t most;
    } logs[] = { { "vmkernel", 0, VMKERNEL_ROTATIONS },
                 { "vmkwarning", 0, VMKERNEL_ROTATIONS },
                 { "vmksummary", SUMMARY_BYTES_MAX, OTHER_ROTATIONS },
                 { "messages", MESSAGES_BYTES_MAX, OTHER_ROTATIONS },
                 { "cron", MESSAGES_BYTES_MAX, OTHER_ROTATIONS } };
    for (size_t i = 0; i < sizeof logs / sizeof logs[0]; i++)
        if (is_larger(r, logs[i].name, logs[i].bytes))
            rotate(r, logs[i].name, logs[i].most);
}

/* ---- names ----------------------------------------------------------------------------------- */
/* Number N of a name PREFIX N SUFFIX; 0 when it is no such name. */
static uint32_t serial_of(const char *name, const char *prefix, const char *suffix)
{
    if (!begins(name, prefix))
        return 0;
    const char *digits = name + strlen(prefix);
    const size_t n = strspn(digits, "0123456789");
    if (n == 0 || n > 9 || digits[0] == '0' || strcmp(digits + n, suffix) != 0)
        return 0;
    return (uint32_t)strtoul(digits, NULL, 10);
}

struct search {
    const char *prefix, *suffix[2];
    uint32_t highest;
};

static int note_serial(void *arg, const char *name)
{
    struct search *s = arg;
    for (int i = 0; i < 2; i++) {
        const uint32_t n = s->suffix[i] != NULL ? serial_of(name, s->prefix, s->suffix[i]) : 0;
        if (n > s->highest)
            s->highest = n;
    }
    return 0;
}

/* No folder of that name, or a file instead: then there is nothing in it. Any other error is one,
 * since a rename onto a name that could not be seen would be refused by nobody. */
static bool is_no_folder(int result)
{
    return result == -ENOENT || result == -ENOTDIR;
}

/* The highest number that a name has anywhere. */
static int highest_serial(const struct run *run, struct search *s)
{
    char folder[PATH_BYTES];
    for (size_t i = 0; i < sizeof dump_dirs / sizeof dump_dirs[0]; i++) {
        path_of(run->r, folder, dump_dirs[i], "");
        const int result = run->io.list(run->io.ctx, folder, note_serial, s);
        if (result < 0 && !is_no_folder(result))
            return result;
    }
    return 0;
}

/* ---- dump slots ------------------------------------------------------------------------------ */
struct slot {
    struct zdump_slot header; /* of this slot, as far as it could be read */
    bool header_ok;
    uint64_t offset;      /* of the slot in the partition */
    unsigned char *bytes; /* the dump: header, sections */
    size_t len;
    bool whole;
};

/* Read what the slot holds. @return 0 with s->len 0 when it holds no dump that wants copying; or
 * -errno */
static int read_slot(const struct run *run, int fd, uint64_t slot_bytes, struct slot *s)
{
    const bool whole = s->header_ok && s->header.state == ZDUMP_COMPLETE &&
                       s->header.used_bytes >= ZDUMP_SLOT_HEADER &&
                       s->header.used_bytes <= slot_bytes;
    const size_t want = (size_t)(whole ? s->header.used_bytes : slot_bytes);
    struct zdump z;
    if (s->header_ok && (s->header.state == ZDUMP_EMPTY || s->header.state == ZDUMP_COLLECTED))
        return 0;
    s->bytes = malloc(want);
    if (s->bytes == NULL)
        return -ENOMEM;
    const ssize_t got = read_all(&run->io, fd, s->bytes, want, s->offset);
    if (got < 0)
        return (int)got;
    if (zdump_parse(s->bytes, (size_t)got, &z) != 0)
        return -ENOMEM;
    s->whole = z.complete && whole;
    s->len = whole ? (size_t)got : z.end > ZDUMP_SLOT_HEADER ? (size_t)z.end : ZDUMP_SLOT_HEADER;
    if (!s->header_ok && z.count == 0)
        s->len = 0; /* no header, no section: nothing was ever here */
    zdump_free(&z);
    return 0;
}

struct same {
    const struct run *run;
    const char *folder;
    const struct slot *slot;
    char *found; /* NAME_BYTES */
};

/* Compare without the header: marking a slot changes it. A dump that has nothing else is told by
 * its whole header. */
static bool has_bytes(const struct same *s, int fd)
{
    const size_t skip = s->slot->len > ZDUMP_SLOT_HEADER ? ZDUMP_SLOT_HEADER : 0;
    unsigned char *bytes = malloc(s->slot->len + 1);
    bool same = false;
    if (bytes != NULL) {
        const ssize_t got = read_all(&s->run->io, fd, bytes, s->slot->len + 1, 0);
        same = got == (ssize_t)s->slot->len &&
               memcmp(bytes + skip, s->slot->bytes + skip, s->slot->len - skip) == 0;
    }
    free(bytes);
    return same;
}

static int compare_dump(void *arg, const char *name)
{
    const struct same *s = arg;
    char path[PATH_BYTES];
    if (!begins(name, ZDUMP_PREFIX) || ends(name, TEMPORARY) || strlen(name) >= NAME_BYTES)
        return 0;
    path_of(s->run->r, path, s->folder, name);
    const int fd = open_read(&s->run->io, path);
    if (fd < 0)
        return 0;
    const bool same = has_bytes(s, fd);
    (void)s->run->io.close(s->run->io.ctx, fd);
    if (same)
        (void)snprintf(s->found, NAME_BYTES, "%s", name);
    return same ? 1 : 0;
}

/* Has an interrupted start copied this dump already? Its name may not be on disk yet, so the folder
 * is synced before anybody relies on it. */
static int find_copy(const struct run *run, const struct slot *slot, char found[NAME_BYTES],
                     const char **ret_dir)
{
    struct same s = { .run = run, .slot = slot, .found = found };
    for (size_t i = 0; i < sizeof dump_dirs / sizeof dump_dirs[0]; i++) {
        char folder[PATH_BYTES];
        s.folder = dump_dirs[i];
        path_of(run->r, folder, dump_dirs[i], "");
        const int result = run->io.list(run->io.ctx, folder, compare_dump, &s);
        if (result < 0 && !is_no_folder(result))
            return result;
        if (result == 1) {
            *ret_dir = dump_dirs[i];
            const int synced = run->io.sync_folder(run->io.ctx, folder);
            return synced == 0 ? 1 : synced;
        }
    }
    return 0;
}

/* Read the copy back, from its temporary name. */
static int verify_copy(const struct run *run, const char *path, const struct slot *slot)
{
    char temporary[PATH_BYTES + sizeof TEMPORARY];
    (void)snprintf(temporary, sizeof temporary, "%s" TEMPORARY, path);
    const int fd = open_read(&run->io, temporary);
    if (fd < 0)
        return fd;
    unsigned char *bytes = malloc(slot->len + 1);
    int result = bytes != NULL ? 0 : -ENOMEM;
    if (result == 0) {
        const ssize_t got = read_all(&run->io, fd, bytes, slot->len + 1, 0);
        if (got != (ssize_t)slot->len || memcmp(bytes, slot->bytes, slot->len) != 0)
            result = got < 0 ? (int)got : -EIO;
    }
    free(bytes);
    (void)run->io.close(run->io.ctx, fd);
    return result;
}

static int copy_dump(const struct run *run, const struct slot *slot, char name[NAME_BYTES])
{
    char path[PATH_BYTES], prefix[NAME_BYTES], stamp[CALENDAR_DUMP_SIZE];
    struct calendar_date date;
    calendar_from_epoch(run->r->epoch_s, run->r->utc_offset_s, &date);
    calendar_format_dump(&date, stamp);
    (void)snprintf(prefix, sizeof prefix, ZDUMP_PREFIX "%s.", stamp);
    struct search search = { .prefix = prefix, .suffix = { "" } };
    int result = highest_serial(run, &search);
    if (result != 0)
        return result;
    (void)snprintf(name, NAME_BYTES, "%.200s%" PRIu32, prefix, search.highest + 1);
    path_of(run->r, path, run->r->dump_dir, name);
    const int fd = dumpio_begin(&run->io, path);
    if (fd < 0)
        return fd;
    result = dumpio_write_all(&run->io, fd, slot->bytes, slot->len, 0);
    if (result == 0)
        result = run->io.fsync(run->io.ctx, fd);
    if (result == 0)
        result = verify_copy(run, path, slot);
    return dumpio_commit(&run->io, path, fd, result);
}

/* The copy is on disk: the slot may be used again. Its contents stay. */
static int mark_free(const struct run *run, const char *partition, const struct slot *slot,
                     const struct zdump_slot *geometry)
{
    unsigned char bytes[ZDUMP_SLOT_HEADER];
    struct zdump_slot header = slot->header_ok ? slot->header : *geometry;
    header.slot = geometry->slot;
    header.slot_count = geometry->slot_count;
    header.slot_bytes = geometry->slot_bytes;
    header.state = ZDUMP_COLLECTED;
    header.used_bytes = slot->len;
    zdump_slot_encode(&header, bytes);
    const int fd = run->io.open(run->io.ctx, partition, O_WRONLY | O_CLOEXEC, 0);
    if (fd < 0)
        return fd;
    int result = dumpio_write_all(&run->io, fd, bytes, sizeof bytes, (off_t)slot->offset);
    if (result == 0)
        result = run->io.fsync(run->io.ctx, fd);
    const int closed = run->io.close(run->io.ctx, fd);
    return result != 0 ? result : closed;
}

static void save_slot(struct run *run, const char *partition, const struct slot *slot,
                      const struct zdump_slot *geometry)
{
    char name[NAME_BYTES] = "";
    const char *dir = run->r->dump_dir;
    const uint32_t number = geometry->slot + 1, count = geometry->slot_count;
    int result = find_copy(run, slot, name, &dir);
    const bool copied = result == 1;
    if (result == 0)
        result = copy_dump(run, slot, name);
    if (result < 0) {
        tell(run,
             "vmkdump: dump in slot %" PRIu32 " of %" PRIu32 " cannot be copied to /%s: %s; it "
             "stays there, the next start tries again",
             number, count, dir, strerror(-result));
        return;
    }
    run->saved++;
    tell(run, "vmkdump: dump in slot %" PRIu32 " of %" PRIu32 " %s /%s/%s%s", number, count,
         copied ? "was copied before to" : "copied to", dir, name,
         slot->whole ? "" : "; it is cut: the host was interrupted while it was written");
    result = mark_free(run, partition, slot, geometry);
    if (result != 0)
        tell(run, "vmkdump: slot %" PRIu32 " of %" PRIu32 " cannot be marked free: %s", number,
             count, strerror(-result));
}

/* @return 0, or -errno when the slot cannot be read */
static int look_at_slot(struct run *run, const char *partition, int fd,
                        const struct zdump_slot *geometry)
{
    unsigned char header[ZDUMP_SLOT_HEADER];
    struct slot s = { .offset = geometry->slot * geometry->slot_bytes };
    const ssize_t got = read_all(&run->io, fd, header, sizeof header, s.offset);
    if (got < 0)
        return (int)got;
    s.header_ok = zdump_slot_decode(header, (size_t)got, &s.header) == 0;
    const int result = read_slot(run, fd, geometry->slot_bytes, &s);
    if (result == 0 && s.len > 0) {
        const uint32_t after = run->r->ret->after;
        if (after == BOOT_AFTER_POWER_LOSS || after == BOOT_AFTER_PURPLE)
            run->r->ret->vmkernel_error = 1;
        run->dumps++;
        save_slot(run, partition, &s, geometry);
    }
    free(s.bytes);
    return result;
}

/* How the partition is divided: as its first header says, else it is one slot. @return 0 or -errno
 */
static int geometry_of(const struct run *run, int fd, struct zdump_slot *ret)
{
    unsigned char header[ZDUMP_SLOT_HEADER];
    struct zdump_slot first;
    const int64_t size = dumpio_size(&run->io, fd);
    const ssize_t got = read_all(&run->io, fd, header, sizeof header, 0);
    if (size < 0 || got < 0)
        return (int)(size < 0 ? size : got);
    *ret = (struct zdump_slot){ .slot_count = 1, .slot_bytes = (uint64_t)size };
    if (zdump_slot_decode(header, (size_t)got, &first) == 0 &&
        first.slot_bytes > ZDUMP_SLOT_HEADER &&
        first.slot_bytes <= (uint64_t)size / first.slot_count)
        *ret =
            (struct zdump_slot){ .slot_count = first.slot_count, .slot_bytes = first.slot_bytes };
    return 0;
}

static void collect_slots(struct run *run)
{
    char partition[PATH_BYTES];
    path_of(run->r, partition, "dev", "vmkcore");
    const int fd = open_read(&run->io, partition);
    int result = fd < 0 ? fd : 0;
    if (fd >= 0) {
        struct zdump_slot geometry = { 0 };
        result = geometry_of(run, fd, &geometry);
        for (; geometry.slot < geometry.slot_count && result == 0; geometry.slot++)
            result = geometry.slot_bytes > ZDUMP_SLOT_HEADER
                         ? look_at_slot(run, partition, fd, &geometry)
                         : 0;
        (void)run->io.close(run->io.ctx, fd);
    }
    if (result != 0 && result != -ENOENT)
        tell(run, "vmkdump: the dump partition cannot be read: %s; the next start tries again",
             strerror(-result));
}

/* ---- the cores of the console ---------------------------------------------------------------- */
struct cores {
    struct run *run;
    char folder[NAME_BYTES]; /* "vmfs/volumes/UUID" */
};

/* Is `name` the core of some failure: cos-core-*, or what Misc.CosCoreFile says, with what a
 * second failure before the move adds (.1), or a dump that was interrupted (.tmp)? */
static bool is_core(const struct recovery *r, const char *name)
{
    if (begins(name, CORE_PREFIX))
        return true;
    if (r->core_name == NULL || !begins(name, r->core_name))
        return false;
    const char *rest = name + strlen(r->core_name);
    return rest[0] == '\0' ||
           (rest[0] == '.' && (strcmp(rest, TEMPORARY) == 0 || strspn(rest + 1, "0123456789") > 0));
}

struct twin {
    const struct run *run;
    const char *dir;
    const struct gzipfile_sum *sum;
    char *found;
};

static int compare_core(void *arg, const char *name)
{
    const struct twin *t = arg;
    char path[PATH_BYTES];
    struct gzipfile_sum sum;
    if (!begins(name, CORE_PREFIX) || (!ends(name, CORE_SUFFIX) && !ends(name, CUT_SUFFIX)) ||
        strlen(name) >= NAME_BYTES)
        return 0;
    path_of(t->run->r, path, t->dir, name);
    const int fd = open_read(&t->run->io, path);
    if (fd < 0)
        return 0;
    const int result = gzipfile_sum(&t->run->io, fd, &sum);
    (void)t->run->io.close(t->run->io.ctx, fd);
    if (result != 0 || sum.bytes != t->sum->bytes ||
        memcmp(sum.sha256, t->sum->sha256, sizeof sum.sha256) != 0)
        return 0;
    (void)snprintf(t->found, NAME_BYTES, "%s", name);
    return 1;
}

static int find_core_copy(const struct run *run, const struct gzipfile_sum *sum,
                          char found[NAME_BYTES])
{
    char folder[PATH_BYTES];
    struct twin t = { .run = run, .dir = OLD_CORES, .sum = sum, .found = found };
    path_of(run->r, folder, OLD_CORES, "");
    const int result = run->io.list(run->io.ctx, folder, compare_core, &t);
    if (result != 1)
        return is_no_folder(result) ? 0 : result;
    const int synced = run->io.sync_folder(run->io.ctx, folder);
    return synced == 0 ? 1 : synced;
}

/* Compress to PATH.tmp, sync, read back, and give it its name. */
static int pack_core(const struct run *run, int from, const char *path)
{
    char temporary[PATH_BYTES + sizeof TEMPORARY];
    struct gzipfile_sum written, read;
    const int fd = dumpio_begin(&run->io, path);
    if (fd < 0)
        return fd;
    (void)snprintf(temporary, sizeof temporary, "%s" TEMPORARY, path);
    int result = gzipfile_write(&run->io, from, fd, &written);
    if (result == 0)
        result = run->io.fsync(run->io.ctx, fd);
    const int back = result == 0 ? open_read(&run->io, temporary) : -1;
    if (result == 0)
        result = back < 0 ? back : gzipfile_sum(&run->io, back, &read);
    if (back >= 0)
        (void)run->io.close(run->io.ctx, back);
    if (result == 0 && (written.bytes != read.bytes ||
                        memcmp(written.sha256, read.sha256, sizeof read.sha256) != 0))
        result = -EIO;
    return dumpio_commit(&run->io, path, fd, result);
}

/* @return 0 with the name of the copy, 1 when it had been there, -errno */
static int copy_core(const struct run *run, int fd, bool cut, char name[NAME_BYTES])
{
    char path[PATH_BYTES], prefix[NAME_BYTES];
    struct gzipfile_sum sum;
    (void)snprintf(prefix, sizeof prefix, CORE_PREFIX "%s.", run->r->host);
    struct search search = { .prefix = prefix, .suffix = { CORE_SUFFIX, CUT_SUFFIX } };
    int result = highest_serial(run, &search);
    if (result == 0 && search.highest > 0) { /* else there is nothing to compare with */
        result = gzipfile_sum_plain(&run->io, fd, &sum);
        if (result == 0)
            result = find_core_copy(run, &sum, name);
    }
    if (result != 0)
        return result;
    (void)snprintf(name, NAME_BYTES, "%.200s%" PRIu32 "%s", prefix, search.highest + 1,
                   cut ? CUT_SUFFIX : CORE_SUFFIX);
    path_of(run->r, path, OLD_CORES, name);
    return pack_core(run, fd, path);
}

static int remove_original(const struct run *run, const char *path)
{
    const int result = run->io.unlink(run->io.ctx, path);
    return result != 0 ? result : dumpio_sync_folder_of(&run->io, path);
}

static bool is_empty(const struct run *run, int fd)
{
    unsigned char byte;
    return run->io.pread(run->io.ctx, fd, &byte, 1, 0) ==
           0; /* an error is met again by who reads */
}

static void move_core(struct run *run, const char *folder, const char *name)
{
    char path[PATH_BYTES], copy[NAME_BYTES] = "";
    const bool cut = ends(name, TEMPORARY);
    run->cores++;
    path_of(run->r, path, folder, name);
    const int fd = open_read(&run->io, path);
    const bool empty = fd >= 0 && is_empty(run, fd);
    int result = fd < 0 ? fd : empty ? 1 : copy_core(run, fd, cut, copy);
    if (fd >= 0)
        (void)run->io.close(run->io.ctx, fd);
    if (result < 0) {
        tell(run,
             "cos-core: /%s/%s cannot be moved to /" OLD_CORES ": %s; it stays there, the next "
             "start tries again",
             folder, name, strerror(-result));
        return;
    }
    if (empty)
        tell(run, "cos-core: /%s/%s is empty: the host was interrupted before it wrote its core",
             folder, name);
    else
        tell(run, "cos-core: /%s/%s %s /" OLD_CORES "/%s%s", folder, name,
             result == 1 ? "was copied before to" : "moved to", copy,
             cut ? "; it is cut: the host was interrupted while it was written" : "");
    run->saved += empty ? 0 : 1;
    result = remove_original(run, path);
    if (result != 0)
        tell(run, "cos-core: /%s/%s was copied but cannot be removed: %s", folder, name,
             strerror(-result));
}

static int look_at_file(void *arg, const char *name)
{
    const struct cores *c = arg;
    if (is_core(c->run->r, name) && strlen(name) < NAME_BYTES)
        move_core(c->run, c->folder, name);
    return 0;
}

static int look_at_volume(void *arg, const char *name)
{
    struct cores *c = arg;
    char folder[PATH_BYTES];
    if ((size_t)snprintf(c->folder, sizeof c->folder, "vmfs/volumes/%s", name) >= sizeof c->folder)
        return 0;
    path_of(c->run->r, folder, c->folder, "");
    const int result = c->run->io.list(c->run->io.ctx, folder, look_at_file, c);
    if (result < 0 && result != -ENOTDIR) /* symbolic names of volumes are no folders */
        tell(c->run, "cos-core: datastore %s cannot be read: %s; the next start tries again", name,
             strerror(-result));
    return 0;
}

static void collect_cores(struct run *run)
{
    char volumes[PATH_BYTES];
    struct cores c = { .run = run };
    path_of(run->r, volumes, "vmfs/volumes", "");
    const int result = run->io.list(run->io.ctx, volumes, look_at_volume, &c);
    if (result < 0 && result != -ENOENT)
        tell(run, "cos-core: the datastores cannot be read: %s; the next start tries again",
             strerror(-result));
}

/* ---- what was begun and never got its name --------------------------------------------------- */
/* Half copies: their originals are still where they were. Screens and partitions that were about to
 * be replaced: the old ones are. */
struct litter {
    const struct run *run;
    const char *folder;
};

static int remove_litter(void *arg, const char *name)
{
    const struct litter *l = arg;
    char path[PATH_BYTES];
    if (!ends(name, TEMPORARY) || strlen(name) >= NAME_BYTES)
        return 0;
    path_of(l->run->r, path, l->folder, name);
    (void)l->run->io.unlink(l->run->io.ctx, path); /* what cannot be removed hurts nobody */
    return 0;
}

static void clean_up(const struct run *run)
{
    static const char *const folders[] = { "root", OLD_CORES, "var/core", "console", "dev" };
    for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++) {
        char folder[PATH_BYTES];
        struct litter l = { .run = run, .folder = folders[i] };
        path_of(run->r, folder, folders[i], "");
        (void)run->io.list(run->io.ctx, folder, remove_litter, &l);
    }
}

/* Nobody shall have to guess whether there was a dump. */
static void tell_none(const struct run *run)
{
    if (run->r->ret->after != BOOT_AFTER_PURPLE && run->r->ret->after != BOOT_AFTER_POWER_LOSS)
        return;
    if (run->dumps == 0)
        tell(run, "vmkdump: no new dump of the VMkernel was found");
    if (run->cores == 0)
        tell(run, "cos-core: no core of the service console was found");
}

uint32_t recovery_run(const struct recovery *r)
{
    assert(r->io != NULL && r->ret != NULL && strlen(r->host_dir) + 512 < PATH_BYTES);
    struct run run = { .r = r, .io = effects(r) };
    clean_up(&run);
    collect_slots(&run);
    collect_cores(&run);
    tell_none(&run);
    return run.saved;
}
