/* test_vmfs.c - the datastore stays up while a core is written: "the VMFS filesystems remain active
 * and open files remain locked" [KB308590]. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include "shared/err.h"
#include "shared/path.h"
#include "tests/lib/dump_host.h"
#include "vmkernel/host/vmk.h"
#include "vmkernel/start/vmfs.h"

#define VM101 "vmfs/volumes/" DUMP_HOST_UUID "/VM101/"

struct watch {
    const struct dump_host *h;
    unsigned locked, unlocked; /* how the machine's files were found at writes */
};

/* Can somebody else take the file? */
static bool is_locked(const struct dump_host *h, const char *name)
{
    const int fd = open(dump_host_path(h, name), O_RDWR);
    assert_true(fd >= 0);
    const bool locked = flock(fd, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK;
    (void)close(fd);
    return locked;
}

static ssize_t watching_pwrite(const struct dumpio *io, int fd, const void *bytes, size_t len,
                               off_t offset)
{
    struct watch *w = io->ctx;
    if (is_locked(w->h, VM101 "VM101.vmx") && is_locked(w->h, VM101 "VM101.vswp"))
        w->locked++;
    else
        w->unlocked++;
    return dumpio_real.pwrite(io, fd, bytes, len, offset);
}

static void test_vmfs_holds_its_locks_while_the_core_is_written(void **state)
{
    (void)state;
    struct dump_host *h = dump_host_create();
    struct watch watch = { .h = h };
    struct dumpio io = dumpio_real;
    struct vmfs vmfs;
    struct err err = { "" };
    io.ctx = &watch;
    io.pwrite = watching_pwrite;
    h->vmk.host_fd = open(h->dir, O_RDONLY | O_DIRECTORY);
    assert_true(h->vmk.host_fd >= 0);
    assert_int_equal(vmfs_init(&vmfs, &h->vmk, &err), 0);
    h->vmk.io = &io;
    assert_int_equal(dump_cos_error(&h->vmk, "Lost heartbeat"), 0);
    assert_true(watch.locked > 10);
    assert_int_equal(watch.unlocked, 0);
    assert_true(is_locked(h, VM101 "VM101.vmx")); /* the host stands with its screen */
    vmfs_fini(&vmfs);
    assert_false(is_locked(h, VM101 "VM101.vmx"));
    assert_false(is_locked(h, VM101 "VM101.vswp"));
    (void)close(h->vmk.host_fd);
    dump_host_destroy(h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_vmfs_holds_its_locks_while_the_core_is_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
