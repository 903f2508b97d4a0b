/* storeio.c - see storeio.h. */
#include "vmkernel/dump/storeio.h"

#include <errno.h>

static int store_open(void *ctx, const char *path, int flags, mode_t mode)
{
    const struct storeio *s = ctx;
    return s->lost ? -EIO : s->disk->open(s->disk->ctx, path, flags, mode);
}

static ssize_t store_pwrite(void *ctx, int fd, const void *bytes, size_t len, off_t offset)
{
    struct storeio *s = ctx;
    if (len > 0 && s->left == 0)
        return -ENOSPC;
    const ssize_t n =
        s->disk->pwrite(s->disk->ctx, fd, bytes, len < s->left ? len : (size_t)s->left, offset);
    if (n > 0)
        s->left -= (uint64_t)n;
    return n;
}

static int store_truncate(void *ctx, int fd, off_t len)
{
    const struct storeio *s = ctx;
    return s->disk->truncate(s->disk->ctx, fd, len);
}

static int store_writeback(void *ctx, int fd, off_t offset, off_t len)
{
    const struct storeio *s = ctx;
    return s->disk->writeback(s->disk->ctx, fd, offset, len);
}

static int store_fsync(void *ctx, int fd)
{
    const struct storeio *s = ctx;
    return s->disk->fsync(s->disk->ctx, fd);
}

static int store_close(void *ctx, int fd)
{
    const struct storeio *s = ctx;
    return s->disk->close(s->disk->ctx, fd);
}

static int store_rename(void *ctx, const char *from, const char *to)
{
    const struct storeio *s = ctx;
    return s->lost ? -EIO : s->disk->rename(s->disk->ctx, from, to);
}

static int store_unlink(void *ctx, const char *path)
{
    const struct storeio *s = ctx;
    return s->lost ? -EIO : s->disk->unlink(s->disk->ctx, path);
}

static int store_sync_folder(void *ctx, const char *folder)
{
    const struct storeio *s = ctx;
    return s->lost ? -EIO : s->disk->sync_folder(s->disk->ctx, folder);
}

static ssize_t store_pread(void *ctx, int fd, void *bytes, size_t len, off_t offset)
{
    const struct storeio *s = ctx;
    return s->disk->pread(s->disk->ctx, fd, bytes, len, offset);
}

void storeio_init(struct storeio *s, const struct vmk *vmk, const struct dumpio *disk)
{
    const struct fault *full = fault_queue_on(&vmk->faults, FAULT_DATASTORE_FULL, NULL);
    *s = (struct storeio){ .disk = disk,
                           .lost = fault_queue_on(&vmk->faults, FAULT_DATASTORE_LOSS, NULL) != NULL,
                           .left = full != NULL ? full->size_kb * 1024 : UINT64_MAX };
    s->table = (struct dumpio){ .ctx = s,
                                .open = store_open,
                                .pwrite = store_pwrite,
                                .truncate = store_truncate,
                                .writeback = store_writeback,
                                .fsync = store_fsync,
                                .close = store_close,
                                .rename = store_rename,
                                .unlink = store_unlink,
                                .sync_folder = store_sync_folder,
                                .pread = store_pread };
}

bool storeio_may_fail(const struct vmk *vmk)
{
    for (uint32_t i = 0; i < vmk->plan.boot.fault_count; i++) {
        if (fault_is(vmk->plan.boot.fault[i].type, FAULT_FAILS_DUMP))
            return true;
    }
    return false;
}
