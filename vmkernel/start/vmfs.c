/* vmfs.c - see vmfs.h. */
#include "vmkernel/start/vmfs.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shared/err.h"
#include "shared/io.h"
#include "shared/path.h"
#include "vmkernel/host/vmk.h"

/* Open, lock and keep. @return the descriptor or -errno */
static int locked_file(struct vmfs *vmfs, const struct vmk *vmk, const char *path)
{
    const int fd = openat(vmk->host_fd, path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0)
        return -errno;
    assert(vmfs->count < sizeof vmfs->lock_fd / sizeof vmfs->lock_fd[0]);
    vmfs->lock_fd[vmfs->count++] = fd;
    return flock(fd, LOCK_EX | LOCK_NB) == 0 ? fd : -errno;
}

static int make_vm(struct vmfs *vmfs, const struct vmk *vmk, uint32_t vm)
{
    char name[WORLD_NAME_MAX], folder[128], path[PATH_SIZE], text[256];
    (void)worlds_vm_name(vm, name, sizeof name);
    (void)snprintf(folder, sizeof folder, PATH_VOLUMES "/%s/%s", vmk->plan.datastore_uuid, name);
    if (mkdirat(vmk->host_fd, folder, 0755) != 0 && errno != EEXIST)
        return -errno;
    (void)path_format(path, "%s/%s.vmx", folder, name);
    int fd = locked_file(vmfs, vmk, path);
    const int bytes =
        snprintf(text, sizeof text,
                 "config.version = \"8\"\nvirtualHW.version = \"4\"\ndisplayName = \"%s\"\n", name);
    const int error = fd < 0 ? fd : io_write(fd, text, (size_t)bytes);
    if (error != 0)
        return error;
    (void)path_format(path, "%s/%s.vswp", folder, name);
    fd = locked_file(vmfs, vmk, path);
    return fd < 0 ? fd : ftruncate(fd, VMFS_SWAP_BYTES) != 0 ? -errno : 0;
}

int vmfs_init(struct vmfs *vmfs, const struct vmk *vmk, struct err *err)
{
    memset(vmfs, 0, sizeof *vmfs);
    for (uint32_t vm = 0; vm < vmk->plan.vms && vm < VMFS_VMS_MAX; vm++) {
        const int error = make_vm(vmfs, vmk, vm);
        if (error != 0)
            return err_set(err, error, "%s: datastore: virtual machine %u: %s", vmk->host_dir, vm,
                           err_text(error));
    }
    return 0;
}

void vmfs_fini(struct vmfs *vmfs)
{
    while (vmfs->count > 0)
        (void)close(vmfs->lock_fd[--vmfs->count]);
}
