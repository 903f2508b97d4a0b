/* storeio.c - see storeio.h. */
#include "vmkernel/dump/storeio.h"

#include <errno.h>

#include "shared/units.h"
#include "vmkernel/host/vmk.h"

/* The table is the record's first member. */
static struct storeio *of(const struct dumpio *io)
{
    return (struct storeio *)(uintptr_t)io;
}

static int store_open(const struct dumpio *io, const char *path, int flags, mode_t mode)
{
    const struct storeio *s = of(io);
    return s->lost ? -EIO : s->disk->open(s->disk, path, flags, mode);
}

static ssize_t store_pwrite(const struct dumpio *io, int fd, const void *bytes, size_t len,
                            off_t offset)
{
    struct storeio *s = of(io);
    if (len > 0 && s->left == 0)
        return -ENOSPC;
    const ssize_t n =
        s->disk->pwrite(s->disk, fd, bytes, len < s->left ? len : (size_t)s->left, offset);
    if (n > 0)
        s->left -= (uint64_t)n;
    return n;
}

void storeio_init(struct storeio *s, const struct vmk *vmk, const struct dumpio *disk)
{
    const struct fault *full = fault_queue_on(&vmk->faults, FAULT_DATASTORE_FULL, NULL);
    *s = (struct storeio){ .table = *disk,
                           .disk = disk,
                           .lost = fault_queue_on(&vmk->faults, FAULT_DATASTORE_LOSS, NULL) != NULL,
                           .left = full != NULL ? full->size_kb * KB : UINT64_MAX };
    s->table.open = store_open;
    s->table.pwrite = store_pwrite;
}

bool storeio_may_fail(const struct vmk *vmk)
{
    for (uint32_t i = 0; i < vmk->plan.boot.fault_count; i++) {
        if (fault_is(vmk->plan.boot.fault[i].type, FAULT_FAILS_DUMP))
            return true;
    }
    return false;
}
