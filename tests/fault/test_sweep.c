/* test_sweep.c - a host that is cut off at any point of its dump, or of the start after it, loses
 * nothing.
 *
 * A dump of a small console goes to a disk in memory (memfs.h), which keeps a copy of itself
 * before each change. From each of these points the power goes in several ways (all that was
 * written is there, nothing that was not synced, a torn part of it), the host starts again, and
 * everything that had reached the disk must be where it belongs: the dump whole, or marked as cut,
 * or the start says that there was none. Then the same for each point of that start itself, for
 * each point of the start after one that was cut off, for a second failure before the first one's
 * files were moved, for a purple screen of the VMkernel's own, and for each call of dump and start
 * that fails with ENOSPC, EIO or EACCES, alone or with all that come after it. The number of points
 * is printed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/sha.h>

#include "shared/zdump.h"
#include "tests/lib/dump_host.h"
#include "tests/lib/memfs.h"
#include "vmkernel/io/filecopy.h"
#include "vmkernel/start/recovery.h"
#include "vmkernel/model/vmkpanic.h"
#include "vmkernel/dump/zdump_write.h"

#define POINTS_MAX 256u
#define PARTITION_BYTES (256u * 1024)
#define RAM_BYTES (2u << 20) /* of the console, so that a core is small */
#define EPOCH 1258114438     /* of the first start; each further one is five minutes later */
#define VMKLOG "/var/log/vmkernel"
#define CORE "/vmfs/volumes/" DUMP_HOST_UUID "/cos-core-esxhostname"

/* A disk before each change of a dump, and after the last. */
struct points {
    size_t count;
    struct memfs *at[POINTS_MAX];
};

static struct {
    char dir[64]; /* prefix of all paths; nothing lies there on the real disk */
    struct dump_host *host;
    struct vmk before; /* the host, ready to be dumped again and again */
    pid_t cos_pid;
    struct points lost_cos, vmkernel_error;
    struct rng rng;
    unsigned swept, lost;
    char where[128]; /* the present point, for messages */
} sweep;

/* What lies on the disk when the power comes back, and so has to be found again. */
struct expected {
    bool core, cut_core; /* a core with its name; one without */
    unsigned char core_sum[FILECOPY_SHA256], cut_sum[FILECOPY_SHA256];
    bool dump; /* something is in the slot */
    bool dump_whole;
    size_t dump_sections; /* whole ones */
};

static const char *path_of(const char *name)
{
    static char paths[4][MEMFS_PATH_MAX];
    static unsigned next;
    char *path = paths[next++ % 4];
    (void)snprintf(path, MEMFS_PATH_MAX, "%s%s", sweep.dir, name);
    return path;
}

static void lose(const char *what)
{
    print_message("lost: %s: %s\n", sweep.where, what);
    sweep.lost++;
}

/* ---- a host on a disk in memory -------------------------------------------------------------- */
static void keep_point(void *arg, const struct memfs *fs)
{
    struct points *points = arg;
    assert_true(points->count < POINTS_MAX);
    points->at[points->count++] = memfs_copy(fs);
}

static const struct memfs *last_of(const struct points *points)
{
    return points->at[points->count - 1];
}

/* What the log says in each of its files: a rotation may move it and not lose it. */
static const char *const log_texts[] = { "the log of this run\n", "of the run before\n",
                                         "of the first run\n" };
#define LOG_TEXTS (sizeof log_texts / sizeof log_texts[0])

static struct memfs *make_disk(void)
{
    static const char *const folders[] = { "/console",      "/dev",
                                           "/root",         "/root/old_cores",
                                           "/var/core",     "/var/log",
                                           "/vmfs/volumes", "/vmfs/volumes/" DUMP_HOST_UUID };
    static const char *const logs[LOG_TEXTS] = { VMKLOG, VMKLOG ".1", VMKLOG ".2" };
    struct memfs *fs = memfs_create();
    for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++)
        memfs_add_folder(fs, path_of(folders[i]));
    for (size_t i = 0; i < LOG_TEXTS; i++)
        memfs_add_file(fs, path_of(logs[i]), log_texts[i]);
    const struct dumpio io = memfs_io(fs);
    assert_int_equal(zdump_partition_create(&io, path_of("/dev/vmkcore"), 1, PARTITION_BYTES), 0);
    fs->calls = fs->changes = 0;
    return fs;
}

/* The host fails, `later_s` after its time. @return as the dump does */
static int fail_host(struct memfs *fs, bool vmkernel_error, uint64_t later_s)
{
    struct vmk *vmk = &sweep.host->vmk;
    const struct dumpio io = memfs_io(fs);
    *vmk = sweep.before;
    vmk->io = &io;
    vmk->now_ns += later_s * 1000000000u;
    int result;
    if (vmkernel_error) {
        struct vmkpanic panic;
        vmkpanic_make(FAULT_VMKERNEL_PF, &vmk->worlds, 1, vmk->now_ns, &panic);
        result = dump_vmkernel_error(vmk, &panic);
    } else {
        result = dump_cos_error(vmk, "Lost heartbeat");
    }
    return result;
}

/* The dump, once, with a copy of the disk before each change and one at the end. */
static int take_points(struct points *points, bool vmkernel_error)
{
    struct memfs *fs = make_disk();
    fs->before_change = keep_point;
    fs->arg = points;
    const int result = fail_host(fs, vmkernel_error, 0);
    if (result != 0)
        print_message("%s\n", sweep.host->vmk.note);
    keep_point(points, fs);
    memfs_destroy(fs);
    return result;
}

static int setup(void **state)
{
    (void)state;
    /* Disks are copied thousands of times: give no memory back in between. */
    (void)mallopt(M_MMAP_THRESHOLD, 1 << 30);
    (void)mallopt(M_TRIM_THRESHOLD, 1 << 30);
    sweep.host = dump_host_create();
    (void)snprintf(sweep.dir, sizeof sweep.dir, "%s", sweep.host->dir);
    rng_init(&sweep.rng, 308590, "sweep");
    /* Nothing of the console changes any more: it is dumped as one that died. */
    dump_host_stun(sweep.host);
    sweep.cos_pid = sweep.host->vmk.cos_pid;
    sweep.before = sweep.host->vmk;
    sweep.before.machine.ram_bytes = RAM_BYTES;
    sweep.before.cos_pid = 0;
    sweep.before.cos = VMK_COS_NOT_STUNNED;
    return take_points(&sweep.lost_cos, false) | take_points(&sweep.vmkernel_error, true);
}

static void free_points(struct points *points)
{
    for (size_t i = 0; i < points->count; i++)
        memfs_destroy(points->at[i]);
}

static int teardown(void **state)
{
    (void)state;
    free_points(&sweep.lost_cos);
    free_points(&sweep.vmkernel_error);
    sweep.host->vmk.cos_pid = sweep.cos_pid;
    dump_host_destroy(sweep.host);
    return 0;
}

/* One start. Each comes five minutes after the one before, so a second copy would have another
 * name. */
static uint32_t start_host(struct memfs *fs, unsigned number, bool move_fails,
                           struct boot_start *ret)
{
    const struct dumpio io = memfs_io(fs);
    *ret = (struct boot_start){ .after = BOOT_AFTER_POWER_LOSS };
    const struct recovery r = { .io = &io,
                                .host_dir = sweep.dir,
                                .host = "esxhostname",
                                .dump_dir = "root",
                                .core_name = "cos-core-esxhostname",
                                .epoch_s = EPOCH + 300 * (int64_t)number,
                                .utc_offset_s = -18000,
                                .move_fails = move_fails,
                                .ret = ret };
    recovery_rotate_logs(&r);
    return recovery_run(&r);
}

/* ---- what must be found again ---------------------------------------------------------------- */
static size_t whole_sections(const struct zdump *z)
{
    size_t count = 0;
    for (uint32_t i = 0; i < z->count; i++)
        count += z->sections[i].health == ZDUMP_WHOLE;
    return count;
}

/* The core; under its other name when the dump could not see that no older one was in the way. */
static const struct memfs_bytes *core_of(const struct memfs *fs)
{
    const struct memfs_bytes *core = memfs_read(fs, path_of(CORE));
    return core != NULL ? core : memfs_read(fs, path_of(CORE ".100"));
}

static struct expected expect(const struct memfs *fs)
{
    struct expected e = { 0 };
    struct zdump z;
    const struct memfs_bytes *core = core_of(fs);
    const struct memfs_bytes *cut = memfs_read(fs, path_of(CORE ".tmp"));
    const struct memfs_bytes *slot = memfs_read(fs, path_of("/dev/vmkcore"));
    if (core != NULL) {
        e.core = true;
        (void)SHA256(core->at, core->len, e.core_sum);
    }
    if (cut != NULL && cut->len > 0) {
        e.cut_core = true;
        (void)SHA256(cut->at, cut->len, e.cut_sum);
    }
    if (slot == NULL || zdump_parse(slot->at, slot->len, &z) != 0)
        return e; /* the partition itself was not made yet */
    e.dump =
        z.slot_ok ? z.slot.state == ZDUMP_WRITING || z.slot.state == ZDUMP_COMPLETE : z.count > 0;
    e.dump_whole = z.complete && z.slot.state == ZDUMP_COMPLETE;
    e.dump_sections = whole_sections(&z);
    zdump_free(&z);
    return e;
}

/* ---- what is there --------------------------------------------------------------------------- */
struct there {
    unsigned dumps, dumps_whole, cores, cut_cores;
    size_t dump_sections;
    bool bad; /* a half file under a final name */
    unsigned char core_sum[FILECOPY_SHA256], cut_sum[FILECOPY_SHA256];
};

static void look_at_dump(const struct memfs_bytes *b, struct there *t)
{
    struct zdump z;
    assert_int_equal(zdump_parse(b->at, b->len, &z), 0);
    t->dumps++;
    t->dumps_whole += z.complete && z.slot.state == ZDUMP_COMPLETE;
    t->dump_sections = whole_sections(&z);
    /* A file that says that it is complete is. */
    t->bad |= z.slot_ok && z.slot.state == ZDUMP_COMPLETE && !z.complete;
    zdump_free(&z);
}

static void look_at_core(struct memfs *fs, const char *path, bool cut, struct there *t)
{
    const struct dumpio io = memfs_io(fs);
    struct filecopy_sum sum;
    const int fd = io.open(&io, path, O_RDONLY, 0);
    assert_true(fd >= 0);
    const struct filecopy_part all = { fd, 0, FILECOPY_TO_THE_END };
    const int result = filecopy_sum(&io, &all, true, &sum);
    (void)io.close(&io, fd);
    t->bad |= result != 0;
    if (result != 0)
        return;
    t->cores += !cut;
    t->cut_cores += cut;
    memcpy(cut ? t->cut_sum : t->core_sum, sum.sha256, sizeof sum.sha256);
}

static bool has_suffix(const char *text, const char *suffix)
{
    const size_t n = strlen(text), m = strlen(suffix);
    return n >= m && strcmp(text + n - m, suffix) == 0;
}

static struct there look(struct memfs *fs)
{
    struct there t = { 0 };
    for (size_t i = 0; i < fs->now.count; i++) {
        const struct memfs_name *name = &fs->now.name[i];
        if (has_suffix(name->path, ".tmp"))
            continue;
        if (strstr(name->path, "/vmkernel-zdump-") != NULL)
            look_at_dump(&fs->file[name->file].now, &t);
        if (has_suffix(name->path, ".core.gz") || has_suffix(name->path, ".cut.gz"))
            look_at_core(fs, name->path, has_suffix(name->path, ".cut.gz"), &t);
    }
    return t;
}

static bool tells(const struct boot_start *start, const char *text)
{
    for (uint32_t i = 0; i < start->line_count; i++)
        if (strstr(start->line[i], text) != NULL)
            return true;
    return false;
}

/* Each log of earlier runs has one name. */
static bool has_logs(const struct memfs *fs)
{
    for (size_t i = 0; i < LOG_TEXTS; i++) {
        unsigned names = 0;
        for (size_t j = 0; j < fs->now.count; j++) {
            const struct memfs_bytes *b = &fs->file[fs->now.name[j].file].now;
            names += strstr(fs->now.name[j].path, VMKLOG) != NULL &&
                     b->len == strlen(log_texts[i]) && memcmp(b->at, log_texts[i], b->len) == 0;
        }
        if (names != 1)
            return false;
    }
    return true;
}

static bool any_temporary(const struct memfs *fs)
{
    for (size_t i = 0; i < fs->now.count; i++)
        if (has_suffix(fs->now.name[i].path, ".tmp"))
            return true;
    return false;
}

/* After a start that nothing disturbed. */
static void check_done(struct memfs *fs, const struct expected *e)
{
    const struct there t = look(fs);
    struct zdump z;
    sweep.swept++;
    if (t.bad)
        lose("a half file has a final name");
    if (e->core && (t.cores != 1 || memcmp(t.core_sum, e->core_sum, sizeof t.core_sum) != 0))
        lose("the core");
    if (e->cut_core && (t.cut_cores != 1 || memcmp(t.cut_sum, e->cut_sum, sizeof t.cut_sum) != 0))
        lose("the core that was cut");
    if (e->dump && (t.dumps != 1 || t.dump_sections != e->dump_sections))
        lose("the dump");
    if (e->dump_whole && t.dumps_whole != 1)
        lose("the dump is not whole any more");
    if (core_of(fs) != NULL || any_temporary(fs))
        lose("something is left where it was");
    if (!has_logs(fs))
        lose("a log");
    const struct memfs_bytes *slot = memfs_read(fs, path_of("/dev/vmkcore"));
    if (slot != NULL && zdump_parse(slot->at, slot->len, &z) == 0) {
        if (e->dump && (!z.slot_ok || z.slot.state != ZDUMP_COLLECTED))
            lose("the slot is not free");
        zdump_free(&z);
    }
}

/* One more start finds nothing to do. */
static void check_quiet(struct memfs *fs)
{
    struct boot_start start;
    fs->changes = 0;
    if (start_host(fs, 9, false, &start) != 0 || fs->changes != 0)
        lose("a further start found something to do");
}

/* ---- the sweeps ------------------------------------------------------------------------------ */
static const enum memfs_crash modes[] = { MEMFS_KEEP,    MEMFS_DROP,    MEMFS_TEAR,   MEMFS_TEAR,
                                          MEMFS_SCATTER, MEMFS_SCATTER, MEMFS_SCATTER };
#define MODES (sizeof modes / sizeof modes[0])

static void check_told(const struct expected *e, const struct boot_start *start)
{
    if (!e->dump && !tells(start, "no new dump"))
        lose("nobody says that there was no dump");
    if (!e->core && !e->cut_core && !tells(start, "no core") && !tells(start, "is empty"))
        lose("nobody says that there was no core");
}

static void sweep_dump(const struct points *points, const char *name)
{
    for (size_t i = 0; i < points->count; i++) {
        for (size_t m = 0; m < MODES; m++) {
            struct memfs *fs = memfs_copy(points->at[i]);
            struct boot_start start;
            (void)snprintf(sweep.where, sizeof sweep.where, "%s, change %zu, mode %zu", name, i, m);
            memfs_crash(fs, modes[m], &sweep.rng);
            const struct expected e = expect(fs);
            (void)start_host(fs, 0, false, &start);
            check_done(fs, &e);
            check_told(&e, &start);
            check_quiet(fs);
            memfs_destroy(fs);
        }
    }
    assert_int_equal(sweep.lost, 0);
}

static void test_dump_cut_off_at_any_point_is_found_again(void **state)
{
    (void)state;
    sweep_dump(&sweep.lost_cos, "dump");
}

static void test_dump_of_a_vmkernel_error_cut_off_at_any_point_is_found_again(void **state)
{
    (void)state;
    sweep_dump(&sweep.vmkernel_error, "dump of a VMkernel error");
}

/* What a failed call left out is told by the dump, by the screen, or at least by result.json. */
static void check_failure_told(struct memfs *fs, int result, const struct expected *e)
{
    const struct vmk *vmk = &sweep.host->vmk;
    const struct memfs_bytes *screen = memfs_read(fs, path_of("/console/psod.txt"));
    if (result == 0 && !(e->core && e->dump_whole && screen != NULL))
        lose("the dump says that all is well");
    if (result != 0 && vmk->note[0] == '\0')
        lose("nobody says what failed");
}

static void sweep_failing_dump(int error, bool stays)
{
    for (uint64_t n = 1;; n++) {
        struct memfs *fs = make_disk();
        struct boot_start start;
        (void)snprintf(sweep.where, sizeof sweep.where, "dump, call %u%s: %s", (unsigned)n,
                       stays ? " and later ones" : "", strerror(error));
        fs->fail_at = n;
        fs->error = error;
        fs->stays = stays;
        const int result = fail_host(fs, false, 0);
        const bool reached = fs->calls >= n;
        memfs_crash(fs, MEMFS_KEEP, &sweep.rng);
        const struct expected e = expect(fs);
        check_failure_told(fs, result, &e);
        (void)start_host(fs, 0, false, &start);
        check_done(fs, &e);
        check_told(&e, &start);
        memfs_destroy(fs);
        if (!reached)
            return;
    }
}

static const int errors[] = { ENOSPC, EIO, EACCES };

static void test_dump_whose_nth_call_fails_says_so_and_leaves_no_half_file(void **state)
{
    (void)state;
    for (size_t k = 0; k < 3; k++)
        sweep_failing_dump(errors[k], false);
    sweep_failing_dump(ENOSPC, true);
    assert_int_equal(sweep.lost, 0);
}

/* Cut a start off at each of its changes, then let the next one finish. */
static void sweep_start(const struct memfs *base, const char *name)
{
    const struct expected e = expect(base);
    for (uint64_t n = 1;; n++) {
        bool reached = false;
        for (size_t m = 0; m < MODES; m += 2) {
            struct memfs *fs = memfs_copy(base);
            struct boot_start start;
            (void)snprintf(sweep.where, sizeof sweep.where, "%s, start, change %u, mode %zu", name,
                           (unsigned)n, m);
            fs->die_at = n;
            (void)start_host(fs, 0, false, &start);
            reached = fs->dead;
            memfs_crash(fs, modes[m], &sweep.rng);
            (void)start_host(fs, 1, false, &start);
            check_done(fs, &e);
            check_quiet(fs);
            memfs_destroy(fs);
        }
        if (!reached)
            break;
    }
}

static void test_start_cut_off_at_any_point_is_finished_by_the_next(void **state)
{
    (void)state;
    const struct points *points = &sweep.lost_cos;
    for (size_t i = points->count; i-- > 0;) {
        if (i + 1 != points->count && i % 7 != 0)
            continue; /* the whole dump, and some that were cut */
        char name[64];
        struct memfs *base = memfs_copy(points->at[i]);
        (void)snprintf(name, sizeof name, "dump cut at %zu", i);
        memfs_crash(base, MEMFS_KEEP, &sweep.rng);
        sweep_start(base, name);
        memfs_destroy(base);
    }
    assert_int_equal(sweep.lost, 0);
}

/* A start is cut off, and so is the next one. */
static void test_second_start_cut_off_is_finished_by_the_third(void **state)
{
    (void)state;
    struct memfs *base = memfs_copy(last_of(&sweep.lost_cos));
    memfs_crash(base, MEMFS_KEEP, &sweep.rng);
    const struct expected e = expect(base);
    bool first_reached = true;
    for (uint64_t n = 1; first_reached; n++) {
        struct boot_start start;
        struct memfs *once = memfs_copy(base);
        once->die_at = n;
        (void)start_host(once, 0, false, &start);
        first_reached = once->dead;
        memfs_crash(once, modes[n % MODES], &sweep.rng);
        bool reached = true;
        for (uint64_t k = 1; reached; k++) {
            struct memfs *fs = memfs_copy(once);
            (void)snprintf(sweep.where, sizeof sweep.where,
                           "start, change %u, next start, change %u", (unsigned)n, (unsigned)k);
            fs->die_at = k;
            (void)start_host(fs, 1, false, &start);
            reached = fs->dead;
            memfs_crash(fs, modes[k % MODES], &sweep.rng);
            (void)start_host(fs, 2, false, &start);
            check_done(fs, &e);
            memfs_destroy(fs);
        }
        memfs_destroy(once);
    }
    memfs_destroy(base);
    assert_int_equal(sweep.lost, 0);
}

/* Is there a core of this sum, cut or not? */
static bool has_core(struct memfs *fs, const unsigned char sum[FILECOPY_SHA256])
{
    for (size_t i = 0; i < fs->now.count; i++) {
        struct there t = { 0 };
        const char *path = fs->now.name[i].path;
        if (has_suffix(path, ".core.gz"))
            look_at_core(fs, path, false, &t);
        else if (has_suffix(path, ".cut.gz"))
            look_at_core(fs, path, true, &t);
        if ((t.cores == 1 && memcmp(t.core_sum, sum, sizeof t.core_sum) == 0) ||
            (t.cut_cores == 1 && memcmp(t.cut_sum, sum, sizeof t.cut_sum) == 0))
            return true;
    }
    return false;
}

/* The slot is taken by the second dump (there is but one), and that dump says so; the cores have
 * names of their own. */
static void test_second_failure_keeps_the_core_that_no_start_could_move(void **state)
{
    (void)state;
    const struct points *points = &sweep.lost_cos;
    for (size_t i = 0; i < points->count; i++) {
        struct memfs *fs = memfs_copy(points->at[i]);
        struct boot_start start;
        (void)snprintf(sweep.where, sizeof sweep.where, "second failure after change %zu", i);
        memfs_crash(fs, i % 2 == 0 ? MEMFS_KEEP : MEMFS_SCATTER, &sweep.rng);
        const struct expected first = expect(fs);
        (void)start_host(fs, 0, true, &start);
        assert_int_equal(fail_host(fs, false, 3600), 0);
        const struct expected second = expect(fs);
        (void)start_host(fs, 20, false, &start);
        sweep.swept++;
        if (first.core && !has_core(fs, first.core_sum))
            lose("the first core");
        if (first.cut_core && !has_core(fs, first.cut_sum))
            lose("the first core, that was cut");
        if (!has_core(fs, second.core_sum) || !second.dump_whole || look(fs).dumps_whole != 1)
            lose("the second dump");
        if (any_temporary(fs))
            lose("something is left");
        memfs_destroy(fs);
    }
    assert_int_equal(sweep.lost, 0);
}

/* What was not brought to safety is still where it was, and somebody says so. */
static void check_failed(struct memfs *fs, const struct expected *e, const struct boot_start *start)
{
    const struct there t = look(fs);
    const bool core_left = core_of(fs) != NULL;
    struct zdump z;
    const struct memfs_bytes *slot = memfs_read(fs, path_of("/dev/vmkcore"));
    assert_int_equal(zdump_parse(slot->at, slot->len, &z), 0);
    const bool dump_left = z.slot.state == ZDUMP_COMPLETE;
    zdump_free(&z);
    if (t.bad)
        lose("a half file has a final name");
    if (e->core && !core_left && t.cores != 1)
        lose("the core");
    if (e->dump && !dump_left && t.dumps_whole != 1)
        lose("the dump");
    if ((core_left || dump_left) && !tells(start, "tries again") && !tells(start, "cannot be"))
        lose("nobody says that something was left");
}

static void test_second_dump_whose_nth_call_fails_keeps_the_first_core(void **state)
{
    (void)state;
    struct boot_start start;
    struct memfs *base = memfs_copy(last_of(&sweep.lost_cos));
    memfs_crash(base, MEMFS_KEEP, &sweep.rng);
    const struct expected first = expect(base);
    (void)start_host(base, 0, true, &start);
    bool reached = true;
    for (uint64_t n = 1; reached; n++) {
        struct memfs *fs = memfs_copy(base);
        (void)snprintf(sweep.where, sizeof sweep.where, "second dump, call %u", (unsigned)n);
        fs->fail_at = n;
        fs->error = EIO;
        (void)fail_host(fs, false, 3600);
        reached = fs->calls >= n;
        fs->fail_at = 0;
        (void)start_host(fs, 20, false, &start);
        sweep.swept++;
        if (!has_core(fs, first.core_sum))
            lose("the first core");
        if (any_temporary(fs))
            lose("something is left");
        memfs_destroy(fs);
    }
    memfs_destroy(base);
    assert_int_equal(sweep.lost, 0);
}

static void sweep_failing_start(const struct memfs *base, int error, bool stays)
{
    const struct expected e = expect(base);
    for (uint64_t n = 1;; n++) {
        struct memfs *fs = memfs_copy(base);
        struct boot_start start;
        (void)snprintf(sweep.where, sizeof sweep.where, "start, call %u%s: %s", (unsigned)n,
                       stays ? " and later ones" : "", strerror(error));
        fs->fail_at = n;
        fs->error = error;
        fs->stays = stays;
        (void)start_host(fs, 0, false, &start);
        const bool reached = fs->calls >= n;
        fs->fail_at = 0;
        check_failed(fs, &e, &start);
        (void)start_host(fs, 1, false, &start);
        check_done(fs, &e);
        memfs_destroy(fs);
        if (!reached)
            return;
    }
}

static void test_start_whose_nth_call_fails_loses_nothing(void **state)
{
    (void)state;
    struct memfs *base = memfs_copy(last_of(&sweep.lost_cos));
    memfs_crash(base, MEMFS_KEEP, &sweep.rng);
    for (size_t k = 0; k < 3; k++) {
        sweep_failing_start(base, errors[k], false);
        sweep_failing_start(base, errors[k], true);
    }
    memfs_destroy(base);
    assert_int_equal(sweep.lost, 0);
}

static void test_start_without_space_leaves_all_and_the_next_moves_it(void **state)
{
    (void)state;
    struct memfs *fs = memfs_copy(last_of(&sweep.lost_cos));
    struct boot_start start;
    memfs_crash(fs, MEMFS_KEEP, &sweep.rng);
    const struct expected e = expect(fs);
    (void)snprintf(sweep.where, sizeof sweep.where, "no space");
    assert_true(e.core && e.dump_whole);
    assert_int_equal(start_host(fs, 0, true, &start), 0);
    assert_true(tells(&start, "cannot be copied to /root: No space left on device; it stays"));
    assert_true(tells(&start, "cannot be moved to /root/old_cores: No space left on device"));
    assert_int_equal(start.vmkernel_error, 1);
    assert_int_equal(start_host(fs, 1, false, &start), 2);
    check_done(fs, &e);
    assert_int_equal(sweep.lost, 0);
    assert_non_null(memfs_read(fs, path_of("/root/vmkernel-zdump-111309.07.18.1")));
    assert_non_null(memfs_read(fs, path_of("/root/old_cores/cos-core-esxhostname.1.core.gz")));
    memfs_destroy(fs);
}

static void test_sweep_was_wide_enough(void **state)
{
    (void)state;
    print_message("# swept %u points of a disk in memory, lost %u\n", sweep.swept, sweep.lost);
    assert_true(sweep.swept > 500);
    assert_int_equal(sweep.lost, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_dump_cut_off_at_any_point_is_found_again),
        cmocka_unit_test(test_dump_of_a_vmkernel_error_cut_off_at_any_point_is_found_again),
        cmocka_unit_test(test_dump_whose_nth_call_fails_says_so_and_leaves_no_half_file),
        cmocka_unit_test(test_start_cut_off_at_any_point_is_finished_by_the_next),
        cmocka_unit_test(test_second_start_cut_off_is_finished_by_the_third),
        cmocka_unit_test(test_second_failure_keeps_the_core_that_no_start_could_move),
        cmocka_unit_test(test_second_dump_whose_nth_call_fails_keeps_the_first_core),
        cmocka_unit_test(test_start_whose_nth_call_fails_loses_nothing),
        cmocka_unit_test(test_start_without_space_leaves_all_and_the_next_moves_it),
        cmocka_unit_test(test_sweep_was_wide_enough),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
