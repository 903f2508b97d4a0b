/* recovery.c - see recovery.h.
 *
 * Two kinds of things are brought to safety: the VMkernel's dumps, from their slots, and the cores
 * of the console, from the datastores. What a copy of each looks like is a table; how it is made is
 * written once, in move_safely(). Its invariant, at every call of an effect:
 *
 *     the original is untouched, or a copy of the same contents has its name, and contents and
 *     name are on disk.
 */
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
#include "shared/err.h"
#include "shared/path.h"
#include "shared/units.h"
#include "shared/zdump.h"
#include "vmkernel/io/filecopy.h"

#define NAME_BYTES 256u
#define VMKERNEL_ROTATIONS 36u /* [NSMALL] */
#define OTHER_ROTATIONS 12u    /* OUR CHOICE, as the sizes below */
#define SUMMARY_BYTES_MAX (512 * KB)
#define MESSAGES_BYTES_MAX MB
#define CORE_PREFIX "cos-core-"

/* Where copies of earlier starts may lie; the third is where vm-support puts them. */
static const char *const copy_dirs[] = { PATH_DUMPS, PATH_DUMPS_4, PATH_OLD_CORES };

/* One run of the recovery. */
struct run {
    const struct recovery *r;
    const struct dumpio *io; /* r->io */
    uint32_t saved;
    uint32_t dumps, cores; /* that were met, whatever became of them */
};

static void __attribute__((format(printf, 2, 3)))
report(const struct run *run, const char *format, ...)
{
    struct boot_start *s = run->r->ret;
    if (s->line_count == BOOT_START_LINES_MAX)
        return;
    va_list ap;
    va_start(ap, format);
    (void)vsnprintf(s->line[s->line_count++], BOOT_START_LINE_MAX, format, ap);
    va_end(ap);
}

/* HOST/FOLDER/NAME, or HOST/FOLDER when the name is "". recovery_run() has seen to the room. */
static void path_of(const struct recovery *r, char ret[PATH_SIZE], const char *folder,
                    const char *name)
{
    const int bad =
        path_format(ret, "%s/%s%s%s", r->host_dir, folder, name[0] != '\0' ? "/" : "", name);
    assert(bad == 0);
}

static bool begins(const char *name, const char *prefix)
{
    return strncmp(name, prefix, strlen(prefix)) == 0;
}

static int open_read(const struct dumpio *io, const char *path)
{
    return io->open(io, path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW, 0);
}

/* ---- log files ------------------------------------------------------------------------------- */
/* The first number that no rotation has; at most `most`, which then is the oldest and goes. A gap
 * is what an interrupted rotation left: what is above it stays where it is. @return 0 when a name
 * cannot be looked up: then nothing may be renamed onto it */
static uint32_t first_free(const struct recovery *r, const char *name, uint32_t most)
{
    char path[PATH_SIZE], rotated[NAME_BYTES];
    for (uint32_t i = 1; i < most; i++) {
        (void)snprintf(rotated, sizeof rotated, "%s.%" PRIu32, name, i);
        path_of(r, path, PATH_LOGS, rotated);
        const int fd = open_read(r->io, path);
        if (fd < 0)
            return fd == -ENOENT ? i : 0;
        (void)r->io->close(r->io, fd);
    }
    return most;
}

static void rotate(const struct recovery *r, const char *name, uint32_t most)
{
    char from[PATH_SIZE], to[PATH_SIZE], rotated[NAME_BYTES];
    for (uint32_t i = first_free(r, name, most); i > 0; i--) {
        (void)snprintf(rotated, sizeof rotated, "%s.%" PRIu32, name, i);
        path_of(r, to, PATH_LOGS, rotated);
        (void)snprintf(rotated, sizeof rotated, "%s.%" PRIu32, name, i - 1);
        path_of(r, from, PATH_LOGS, i > 1 ? rotated : name);
        if (r->io->rename(r->io, from, to) != 0)
            return; /* the log goes on in the old file */
    }
}

static bool is_larger(const struct recovery *r, const char *name, uint64_t bytes)
{
    char path[PATH_SIZE];
    path_of(r, path, PATH_LOGS, name);
    const int fd = open_read(r->io, path);
    if (fd < 0)
        return false;
    const int64_t size = r->io->size(r->io, fd);
    (void)r->io->close(r->io, fd);
    return size > (int64_t)bytes;
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

/* ---- one move -------------------------------------------------------------------------------- */
struct move;
struct move_kind {
    const char *done, *released; /* what becomes of the thing, and then of its original */
    const char *prefix;          /* of the name of every copy, and how it ends: */
    const char *suffix[2];       /* [1] = of a thing that was cut */
    bool packed;                 /* copies are gzip members */
    /* The copy is safe: give up the original. @return 0 or -errno */
    int (*release)(const struct dumpio *io, const struct move *m);
};
struct move {
    const struct move_kind *kind;
    char what[NAME_BYTES];     /* for messages, e.g. "vmkdump: dump in slot 1 of 1" */
    char path[PATH_SIZE];      /* of the file that the original is, or lies in */
    struct filecopy_part from; /* the original in it */
    uint64_t volatile_bytes;   /* at its beginning, which releasing it changes */
    struct zdump_slot slot;    /* of a dump: what its slot says once it is released */
    bool cut;                  /* the host was interrupted while it was written */
    const char *dir;           /* where its copy goes, */
    char prefix[NAME_BYTES];   /* under PREFIX N SUFFIX, N the first that is free everywhere */
};

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
    const struct run *run;
    const struct move *m;
    const char *dir;         /* that is looked through */
    bool has_sum;            /* reading a core takes long: only when there is something like it */
    struct filecopy_sum sum; /* of the original but for its volatile bytes */
    uint32_t serial_max;
    char copy[NAME_BYTES]; /* the copy that was found */
};

/* @return 1, 0, or -errno when the original cannot be read. A file that cannot be read is no copy.
 */
static int is_copy(struct search *s, const char *path)
{
    const struct dumpio *io = s->run->io;
    const struct move *m = s->m;
    const uint64_t skip = m->volatile_bytes;
    struct filecopy_sum sum;
    if (!s->has_sum) {
        const struct filecopy_part lasting = { m->from.fd, m->from.offset + skip,
                                               m->from.bytes - skip };
        const int error = filecopy_sum(io, &lasting, false, &s->sum);
        if (error != 0)
            return error;
        s->has_sum = true;
    }
    const struct filecopy_part part = { open_read(io, path), skip, FILECOPY_TO_THE_END };
    if (part.fd < 0)
        return 0;
    const int error = filecopy_sum(io, &part, m->kind->packed, &sum);
    (void)io->close(io, part.fd);
    return error == 0 && filecopy_same(&sum, &s->sum) ? 1 : 0;
}

static int look_at_name(void *arg, const char *name)
{
    struct search *s = arg;
    const struct move_kind *k = s->m->kind;
    char path[PATH_SIZE];
    for (int i = 0; i < 2; i++) {
        const uint32_t n = serial_of(name, s->m->prefix, k->suffix[i]);
        if (n > s->serial_max)
            s->serial_max = n;
    }
    if (!begins(name, k->prefix) || path_has_suffix(name, DUMPIO_TEMPORARY) ||
        strlen(name) >= NAME_BYTES ||
        (!path_has_suffix(name, k->suffix[0]) && !path_has_suffix(name, k->suffix[1])))
        return 0;
    path_of(s->run->r, path, s->dir, name);
    const int result = is_copy(s, path);
    if (result == 1)
        (void)snprintf(s->copy, sizeof s->copy, "%s", name);
    return result;
}

/* Has an interrupted start made the copy already? Its name may not be on disk yet, so the folder is
 * synced before anybody relies on it. If not, s->serial_max is the highest number that is taken.
 * @return 1, 0 or -errno */
static int find_copy(struct search *s)
{
    char path[PATH_SIZE];
    const struct dumpio *io = s->run->io;
    for (size_t i = 0; i < sizeof copy_dirs / sizeof copy_dirs[0]; i++) {
        s->dir = copy_dirs[i];
        path_of(s->run->r, path, s->dir, "");
        const int result = io->list(io, path, look_at_name, s);
        if (result == 1) {
            path_of(s->run->r, path, s->dir, s->copy);
            const int error = io->sync_folder(io, path);
            return error != 0 ? error : 1;
        }
        /* No folder of that name, or a file instead: then there is nothing in it. Any other error
         * is one, since a rename onto a name that was not seen would be refused by nobody. */
        if (result < 0 && result != -ENOENT && result != -ENOTDIR)
            return result;
    }
    return 0;
}

/* Read the copy back, from its temporary name. */
static int verify_copy(const struct dumpio *io, const char *path, bool packed,
                       const struct filecopy_sum *written)
{
    char temporary[PATH_SIZE];
    struct filecopy_sum read;
    int error = path_format(temporary, "%s" DUMPIO_TEMPORARY, path);
    if (error != 0)
        return error;
    const struct filecopy_part part = { open_read(io, temporary), 0, FILECOPY_TO_THE_END };
    if (part.fd < 0)
        return part.fd;
    error = filecopy_sum(io, &part, packed, &read);
    (void)io->close(io, part.fd);
    return error != 0 ? error : filecopy_same(&read, written) ? 0 : -EIO;
}

/* Write PATH.tmp, sync it, read it back, give it its name, sync the folder. */
static int make_copy(const struct run *run, const struct move *m, const char *path)
{
    const struct dumpio *io = run->io;
    struct filecopy_sum written;
    const int fd = run->r->move_fails ? -ENOSPC : dumpio_begin(io, path);
    if (fd < 0)
        return fd;
    int result = filecopy_write(io, &m->from, fd, m->kind->packed, &written);
    if (result == 0)
        result = io->fsync(io, fd);
    if (result == 0)
        result = verify_copy(io, path, m->kind->packed, &written);
    return dumpio_commit(io, path, fd, result);
}

static void release(const struct run *run, const struct move *m)
{
    const int error = m->kind->release(run->io, m);
    if (error != 0)
        report(run, "%s cannot be %s: %s", m->what, m->kind->released, err_text(error));
}

static void move_safely(struct run *run, const struct move *m)
{
    char path[PATH_SIZE];
    struct search s = { .run = run, .m = m };
    int result = find_copy(&s);
    const bool found = result == 1;
    if (result == 0) {
        s.dir = m->dir;
        (void)snprintf(s.copy, sizeof s.copy, "%.200s%" PRIu32 "%s", m->prefix, s.serial_max + 1,
                       m->kind->suffix[m->cut ? 1 : 0]);
        path_of(run->r, path, s.dir, s.copy);
        result = make_copy(run, m, path);
    }
    if (result < 0) {
        report(run, "%s cannot be %s to /%s: %s; it stays there, the next start tries again",
               m->what, m->kind->done, m->dir, err_text(result));
        return;
    }
    run->saved++;
    report(run, "%s %s to /%s/%s%s", m->what, found ? "was copied before" : m->kind->done, s.dir,
           s.copy, m->cut ? "; it is cut: the host was interrupted while it was written" : "");
    release(run, m);
}

/* ---- dump slots ------------------------------------------------------------------------------ */
/* The slot may be used again. Its contents stay. */
static int mark_free(const struct dumpio *io, const struct move *m)
{
    unsigned char bytes[ZDUMP_SLOT_HEADER];
    zdump_slot_encode(&m->slot, bytes);
    const int fd = io->open(io, m->path, O_WRONLY | O_CLOEXEC, 0);
    if (fd < 0)
        return fd;
    int result = dumpio_write_all(io, fd, bytes, sizeof bytes, (off_t)m->from.offset);
    if (result == 0)
        result = io->fsync(io, fd);
    const int closed = io->close(io, fd);
    return result != 0 ? result : closed;
}

static const struct move_kind dump_kind = {
    .done = "copied",
    .released = "marked free",
    .prefix = "vmkernel-zdump-",
    .suffix = { "", "" },
    .release = mark_free,
};

/* How much of the slot is a dump, and whether that is whole. @return bytes, 0 when it holds no dump
 * that wants copying; or -errno */
static int64_t measure_dump(const struct dumpio *io, const struct move *m, bool has_header,
                            bool *ret_cut)
{
    const struct zdump_slot *h = &m->slot;
    const bool complete = has_header && h->state == ZDUMP_COMPLETE &&
                          h->used_bytes >= ZDUMP_SLOT_HEADER && h->used_bytes <= m->from.bytes;
    const size_t want = (size_t)(complete ? h->used_bytes : m->from.bytes);
    struct zdump z;
    if (has_header && (h->state == ZDUMP_EMPTY || h->state == ZDUMP_COLLECTED))
        return 0;
    unsigned char *bytes = malloc(want);
    if (bytes == NULL)
        return -ENOMEM;
    const ssize_t got = dumpio_read(io, m->from.fd, bytes, want, m->from.offset);
    const int bad = got < 0 ? (int)got : zdump_parse(bytes, (size_t)got, &z) != 0 ? -ENOMEM : 0;
    free(bytes);
    if (bad != 0)
        return bad;
    int64_t len = complete ? got : z.end > ZDUMP_SLOT_HEADER ? (int64_t)z.end : ZDUMP_SLOT_HEADER;
    if (!has_header && z.count == 0)
        len = 0; /* no header, no section: nothing was ever here */
    *ret_cut = !complete || !z.complete;
    zdump_free(&z);
    return len;
}

/* @return 0, or -errno when the slot cannot be read */
static int collect_slot(struct run *run, struct move *m, const struct zdump_slot *geometry)
{
    unsigned char header[ZDUMP_SLOT_HEADER];
    const uint32_t after = run->r->ret->after;
    m->from.offset = geometry->slot * geometry->slot_bytes;
    m->from.bytes = geometry->slot_bytes;
    m->slot = (struct zdump_slot){ 0 };
    const ssize_t got = dumpio_read(run->io, m->from.fd, header, sizeof header, m->from.offset);
    if (got < 0)
        return (int)got;
    const bool has_header = zdump_slot_decode(header, (size_t)got, &m->slot) == 0;
    const int64_t len = measure_dump(run->io, m, has_header, &m->cut);
    if (len <= 0)
        return (int)len;
    if (after == BOOT_AFTER_POWER_LOSS || after == BOOT_AFTER_PURPLE)
        run->r->ret->vmkernel_error = 1;
    run->dumps++;
    (void)snprintf(m->what, sizeof m->what, "vmkdump: dump in slot %" PRIu32 " of %" PRIu32,
                   geometry->slot + 1, geometry->slot_count);
    m->from.bytes = (uint64_t)len;
    /* Marking a slot changes its header. A dump that is nothing else is known by all of it. */
    m->volatile_bytes = len > ZDUMP_SLOT_HEADER ? ZDUMP_SLOT_HEADER : 0;
    m->slot.slot = geometry->slot;
    m->slot.slot_count = geometry->slot_count;
    m->slot.slot_bytes = geometry->slot_bytes;
    m->slot.state = ZDUMP_COLLECTED;
    m->slot.used_bytes = (uint64_t)len;
    move_safely(run, m);
    return 0;
}

/* How the partition is divided: as its first header says, else it is one slot. @return 0 or -errno
 */
static int geometry_of(const struct dumpio *io, int fd, struct zdump_slot *ret)
{
    unsigned char header[ZDUMP_SLOT_HEADER];
    struct zdump_slot first;
    const int64_t size = io->size(io, fd);
    if (size < 0)
        return (int)size;
    const ssize_t got = dumpio_read(io, fd, header, sizeof header, 0);
    if (got < 0)
        return (int)got;
    *ret = (struct zdump_slot){ .slot_count = 1, .slot_bytes = (uint64_t)size };
    if (zdump_slot_decode(header, (size_t)got, &first) == 0 &&
        first.slot_bytes > ZDUMP_SLOT_HEADER &&
        first.slot_bytes <= (uint64_t)size / first.slot_count)
        *ret =
            (struct zdump_slot){ .slot_count = first.slot_count, .slot_bytes = first.slot_bytes };
    return 0;
}

static int collect_slots_of(struct run *run, struct move *m)
{
    struct zdump_slot geometry = { 0 };
    int result = geometry_of(run->io, m->from.fd, &geometry);
    if (result != 0 || geometry.slot_bytes <= ZDUMP_SLOT_HEADER)
        return result;
    for (; geometry.slot < geometry.slot_count && result == 0; geometry.slot++)
        result = collect_slot(run, m, &geometry);
    return result;
}

static void collect_slots(struct run *run)
{
    char stamp[CALENDAR_DUMP_SIZE];
    struct calendar_date date;
    struct move m = { .kind = &dump_kind, .dir = run->r->dump_dir };
    calendar_from_epoch(run->r->epoch_s, run->r->utc_offset_s, &date);
    calendar_format_dump(&date, stamp);
    (void)snprintf(m.prefix, sizeof m.prefix, "%s%s.", dump_kind.prefix, stamp);
    path_of(run->r, m.path, PATH_DUMP_PARTITION, "");
    m.from.fd = open_read(run->io, m.path);
    int result = m.from.fd;
    if (m.from.fd >= 0) {
        result = collect_slots_of(run, &m);
        (void)run->io->close(run->io, m.from.fd);
    }
    if (result != 0 && result != -ENOENT)
        report(run, "vmkdump: the dump partition cannot be read: %s; the next start tries again",
               err_text(result));
}

/* ---- the cores of the console ---------------------------------------------------------------- */
static int remove_core(const struct dumpio *io, const struct move *m)
{
    const int result = io->unlink(io, m->path);
    return result != 0 ? result : io->sync_folder(io, m->path);
}

static const struct move_kind core_kind = {
    .done = "moved",
    .released = "removed",
    .prefix = CORE_PREFIX,
    .suffix = { ".core.gz", ".cut.gz" },
    .packed = true,
    .release = remove_core,
};

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
    return rest[0] == '\0' || (rest[0] == '.' && (strcmp(rest, DUMPIO_TEMPORARY) == 0 ||
                                                  strspn(rest + 1, "0123456789") > 0));
}

/* @return 0, or -errno when the core cannot be read */
static int collect_open_core(struct run *run, const struct move *m)
{
    const int64_t size = run->io->size(run->io, m->from.fd);
    if (size > 0)
        move_safely(run, m);
    else if (size == 0) {
        report(run, "%s is empty: the host was interrupted before it wrote its core", m->what);
        release(run, m);
    }
    return size < 0 ? (int)size : 0;
}

static void collect_core(struct run *run, const char *folder, const char *name)
{
    struct move m = { .kind = &core_kind,
                      .from = { .bytes = FILECOPY_TO_THE_END },
                      .cut = path_has_suffix(name, DUMPIO_TEMPORARY),
                      .dir = PATH_OLD_CORES };
    run->cores++;
    (void)snprintf(m.what, sizeof m.what, "cos-core: /%.100s/%.120s", folder, name);
    (void)snprintf(m.prefix, sizeof m.prefix, CORE_PREFIX "%s.", run->r->host);
    path_of(run->r, m.path, folder, name);
    m.from.fd = open_read(run->io, m.path);
    int error = m.from.fd;
    if (m.from.fd >= 0) {
        error = collect_open_core(run, &m);
        (void)run->io->close(run->io, m.from.fd);
    }
    if (error < 0)
        report(run, "%s cannot be read: %s; it stays there, the next start tries again", m.what,
               err_text(error));
}

static int look_at_file(void *arg, const char *name)
{
    const struct cores *c = arg;
    if (is_core(c->run->r, name) && strlen(name) < NAME_BYTES)
        collect_core(c->run, c->folder, name);
    return 0;
}

static int look_at_volume(void *arg, const char *name)
{
    struct cores *c = arg;
    const struct dumpio *io = c->run->io;
    char folder[PATH_SIZE];
    if ((size_t)snprintf(c->folder, sizeof c->folder, PATH_VOLUMES "/%s", name) >= sizeof c->folder)
        return 0;
    path_of(c->run->r, folder, c->folder, "");
    const int result = io->list(io, folder, look_at_file, c);
    if (result < 0 && result != -ENOTDIR) /* symbolic names of volumes are no folders */
        report(c->run, "cos-core: datastore %s cannot be read: %s; the next start tries again",
               name, err_text(result));
    return 0;
}

static void collect_cores(struct run *run)
{
    char volumes[PATH_SIZE];
    struct cores c = { .run = run };
    path_of(run->r, volumes, PATH_VOLUMES, "");
    const int result = run->io->list(run->io, volumes, look_at_volume, &c);
    if (result < 0 && result != -ENOENT)
        report(run, "cos-core: the datastores cannot be read: %s; the next start tries again",
               err_text(result));
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
    char path[PATH_SIZE];
    if (!path_has_suffix(name, DUMPIO_TEMPORARY) || strlen(name) >= NAME_BYTES)
        return 0;
    path_of(l->run->r, path, l->folder, name);
    (void)l->run->io->unlink(l->run->io, path); /* what cannot be removed hurts nobody */
    return 0;
}

static void clean_up(const struct run *run)
{
    static const char *const folders[] = { PATH_DUMPS, PATH_OLD_CORES, PATH_DUMPS_4, PATH_CONSOLE,
                                           "dev" };
    for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++) {
        char folder[PATH_SIZE];
        struct litter l = { .run = run, .folder = folders[i] };
        path_of(run->r, folder, folders[i], "");
        (void)run->io->list(run->io, folder, remove_litter, &l);
    }
}

/* Nobody shall have to guess whether there was a dump. */
static void report_none(const struct run *run)
{
    if (run->r->ret->after != BOOT_AFTER_PURPLE && run->r->ret->after != BOOT_AFTER_POWER_LOSS)
        return;
    if (run->dumps == 0)
        report(run, "vmkdump: no new dump of the VMkernel was found");
    if (run->cores == 0)
        report(run, "cos-core: no core of the service console was found");
}

uint32_t recovery_run(const struct recovery *r)
{
    assert(r->io != NULL && r->ret != NULL);
    assert(strlen(r->host_dir) + PATH_BELOW_HOST < PATH_SIZE);
    struct run run = { .r = r, .io = r->io };
    clean_up(&run);
    collect_slots(&run);
    collect_cores(&run);
    report_none(&run);
    return run.saved;
}
