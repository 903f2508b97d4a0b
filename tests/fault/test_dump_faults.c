/* test_dump_faults.c - every effect of a dump fails once: the Nth call, for N = 1, 2, ... until a
 * dump gets through without meeting it.
 *
 * After each such dump: it says that it failed and what is missing, no temporary file is left, what
 * has its name is whole, and what does not depend on the failed call is there. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shared/err.h"
#include "shared/path.h"
#include "shared/zdump.h"
#include "tests/lib/dump_host.h"

#define CORE "vmfs/volumes/" DUMP_HOST_UUID "/cos-core-esxhostname"

/* The real effects behind a countdown. */
struct faulty {
    unsigned fail_at; /* this call fails; 0 = none */
    unsigned calls;
    int error;
    bool short_writes; /* a write takes at most 1000 bytes, as a file system may */
};

static bool fails(const struct dumpio *io)
{
    struct faulty *f = io->ctx;
    return ++f->calls == f->fail_at;
}

static int error_of(const struct dumpio *io)
{
    return -((const struct faulty *)io->ctx)->error;
}

static int faulty_open(const struct dumpio *io, const char *path, int flags, mode_t mode)
{
    return fails(io) ? error_of(io) : dumpio_real.open(io, path, flags, mode);
}

static ssize_t faulty_pwrite(const struct dumpio *io, int fd, const void *bytes, size_t len,
                             off_t offset)
{
    const struct faulty *f = io->ctx;
    if (fails(io))
        return error_of(io);
    return dumpio_real.pwrite(io, fd, bytes, f->short_writes && len > 1000 ? 1000 : len, offset);
}

static int faulty_truncate(const struct dumpio *io, int fd, off_t len)
{
    return fails(io) ? error_of(io) : dumpio_real.truncate(io, fd, len);
}

static int faulty_fsync(const struct dumpio *io, int fd)
{
    return fails(io) ? error_of(io) : dumpio_real.fsync(io, fd);
}

static int faulty_close(const struct dumpio *io, int fd)
{
    /* What was only read has no close that could fail with a consequence. */
    const bool written = (fcntl(fd, F_GETFL) & O_ACCMODE) != O_RDONLY;
    const int result = dumpio_real.close(io, fd);
    return written && fails(io) ? error_of(io) : result;
}

static int faulty_rename(const struct dumpio *io, const char *from, const char *to)
{
    return fails(io) ? error_of(io) : dumpio_real.rename(io, from, to);
}

static int faulty_sync_folder(const struct dumpio *io, const char *folder)
{
    return fails(io) ? error_of(io) : dumpio_real.sync_folder(io, folder);
}

/* Not counted: hints to write back, the clean-up after a failure (only one call fails), and reads,
 * since what one that fails costs is test_sweep.c's matter. */
static struct dumpio table(struct faulty *f)
{
    struct dumpio io = dumpio_real;
    io.ctx = f;
    io.open = faulty_open;
    io.pwrite = faulty_pwrite;
    io.truncate = faulty_truncate;
    io.fsync = faulty_fsync;
    io.close = faulty_close;
    io.rename = faulty_rename;
    io.sync_folder = faulty_sync_folder;
    return io;
}

static int setup(void **state)
{
    *state = dump_host_create();
    return 0;
}

static int teardown(void **state)
{
    dump_host_destroy(*state);
    return 0;
}

static bool exists(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0;
}

/* What must hold whatever failed. @return artefacts that are there: core, screen, whole zdump */
static unsigned check_host(struct dump_host *h, int result)
{
    int status;
    struct err err;
    struct zdump z;
    char *left = dump_host_run(&status, "find %s -name '*.tmp'", h->dir);
    assert_string_equal(left, "");
    free(left);

    /* Its other name: the dump could not see that no older core was in the way. */
    const char *path = dump_host_core(h);
    if (!exists(path))
        path = dump_host_path(h, CORE ".100");
    const bool core = exists(path);
    if (core) {
        char *text = dump_host_run(&status, "eu-stack -e %s --core=%s | grep -c TID",
                                   dump_host_minicos(), path);
        assert_string_equal(text, "6\n");
        free(text);
    }
    size_t len;
    char *psod = dump_host_read(dump_host_path(h, "console/psod.txt"), &len);
    const bool screen = psod != NULL && strstr(psod, "@BlueScreen: Lost heartbeat\n") != NULL;
    if (psod != NULL && !screen)
        assert_non_null(strstr(psod, "Dumping console os core.")); /* the interim one, whole */
    free(psod);
    assert_int_equal(zdump_load(dump_host_path(h, PATH_DUMP_PARTITION), 0, &z, &err), 0);
    const bool zdump = z.complete && z.slot.state == ZDUMP_COMPLETE;
    if (z.complete && result != 0 && !core)
        assert_non_null(strstr(zdump_find(&z, ZDUMP_NOTES)->data, "no cos-core: "));
    zdump_free(&z);
    assert_int_equal(result != 0, h->vmk.note[0] != '\0');
    return (unsigned)core + (unsigned)screen + (unsigned)zdump;
}

static void fail_each_call(int error, bool short_writes)
{
    for (unsigned n = 1;; n++) {
        assert_true(n < 5000);
        struct faulty faulty = { .fail_at = n, .error = error, .short_writes = short_writes };
        const struct dumpio io = table(&faulty);
        struct dump_host *h = dump_host_create();
        h->vmk.io = &io;
        const int result = dump_cos_error(&h->vmk, "Lost heartbeat");
        const unsigned artefacts = check_host(h, result);
        dump_host_destroy(h);
        if (faulty.calls < n) { /* got through */
            assert_int_equal(result, 0);
            assert_int_equal(artefacts, 3);
            return;
        }
        assert_int_equal(result, -1);
        assert_true(artefacts >= 2); /* one failure costs one artefact at most */
    }
}

static void test_dump_survives_the_failure_of_any_one_call(void **state)
{
    (void)state;
    fail_each_call(EIO, false);
}

static void test_dump_of_a_full_datastore_says_so(void **state)
{
    struct dump_host *h = *state;
    struct faulty faulty = { .error = ENOSPC };
    const struct dumpio io = table(&faulty);
    /* The interim screen takes three files of open, write, fsync, close, rename, sync of the
     * folder; then a look for an older core, and one that was cut; then come the core's open and
     * truncate. */
    faulty.fail_at = 3 * 6 + 2 + 2 + 1;
    h->vmk.io = &io;
    assert_int_equal(dump_cos_error(&h->vmk, "Lost heartbeat"), -1);
    assert_string_equal(h->vmk.note, "no cos-core: No space left on device");
    assert_false(exists(dump_host_core(h)));
    size_t len;
    struct zdump z;
    struct err err;
    static const char line[] = "WARNING: Dump: 361: Dumping core to '/volumes/" DUMP_HOST_UUID
                               "/cos-core-esxhostname' failed: No space left on device\n";
    char *psod = dump_host_read(dump_host_path(h, "console/psod.txt"), &len);
    assert_non_null(psod);
    assert_non_null(strstr(psod, line));
    free(psod);
    assert_int_equal(zdump_load(dump_host_path(h, PATH_DUMP_PARTITION), 0, &z, &err), 0);
    assert_non_null(strstr(zdump_find(&z, ZDUMP_LOG)->data, line));
    zdump_free(&z);
}

static void test_dump_takes_short_writes(void **state)
{
    struct dump_host *h = *state;
    struct faulty faulty = { .short_writes = true };
    const struct dumpio io = table(&faulty);
    h->vmk.io = &io;
    assert_int_equal(dump_cos_error(&h->vmk, "Lost heartbeat"), 0);
    assert_int_equal(check_host(h, 0), 3);
}

static void test_dump_into_missing_folders_fails_alone(void **state)
{
    struct dump_host *h = *state;
    assert_int_equal(unlink(dump_host_path(h, PATH_DUMP_PARTITION)), 0);
    assert_int_equal(rmdir(dump_host_path(h, "vmfs/volumes/" DUMP_HOST_UUID)), 0);
    assert_int_equal(dump_cos_error(&h->vmk, "Lost heartbeat"), -1);
    assert_string_equal(h->vmk.note, "no cos-core: No such file or directory");
    size_t len;
    char *psod = dump_host_read(dump_host_path(h, "console/psod.txt"), &len);
    assert_non_null(strstr(psod, "@BlueScreen: Lost heartbeat\n"));
    assert_null(strstr(psod, "Starting coredump")); /* there is nothing to dump to */
    free(psod);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_dump_survives_the_failure_of_any_one_call),
        cmocka_unit_test_setup_teardown(test_dump_of_a_full_datastore_says_so, setup, teardown),
        cmocka_unit_test_setup_teardown(test_dump_takes_short_writes, setup, teardown),
        cmocka_unit_test_setup_teardown(test_dump_into_missing_folders_fails_alone, setup,
                                        teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
