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

#include "vmkernel/host/vmk.h"

/* Open, lock and keep. @return the descriptor or -1 */
static int locked_file(struct vmfs *vmfs, const struct vmk *vmk, const char *path)
{
    const int fd = openat(vmk->host_fd, path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0)
        return -1;
    assert(vmfs->count < sizeof vmfs->lock_fd / sizeof vmfs->lock_fd[0]);
    vmfs->lock_fd[vmfs->count++] = fd;
    return flock(fd, LOCK_EX | LOCK_NB) == 0 ? fd : -1;
}

static int make_vm(struct vmfs *vmfs, const struct vmk *vmk, uint32_t vm)
{
    char name[WORLD_NAME_MAX], path[160], text[256];
    (void)worlds_vm_name(vm, name, sizeof name);
    (void)snprintf(path, sizeof path, "vmfs/volumes/%s/%s", vmk->plan.datastore_uuid, name);
    if (mkdirat(vmk->host_fd, path, 0755) != 0 && errno != EEXIST)
        return -1;
    (void)snprintf(path, sizeof path, "vmfs/volumes/%s/%s/%s.vmx", vmk->plan.datastore_uuid, name,
                   name);
    int fd = locked_file(vmfs, vmk, path);
    const int bytes =
        snprintf(text, sizeof text,
                 "config.version = \"8\"\nvirtualHW.version = \"4\"\ndisplayName = \"%s\"\n", name);
    if (fd < 0 || write(fd, text, (size_t)bytes) != bytes)
        return -1;
    (void)snprintf(path, sizeof path, "vmfs/volumes/%s/%s/%s.vswp", vmk->plan.datastore_uuid, name,
                   name);
    fd = locked_file(vmfs, vmk, path);
    return fd < 0 ? -1 : ftruncate(fd, VMFS_SWAP_BYTES);
}

int vmfs_init(struct vmfs *vmfs, const struct vmk *vmk, char *err, size_t err_size)
{
    memset(vmfs, 0, sizeof *vmfs);
    for (uint32_t vm = 0; vm < vmk->plan.vms && vm < VMFS_VMS_MAX; vm++) {
        if (make_vm(vmfs, vmk, vm) != 0) {
            (void)snprintf(err, err_size, "%s: datastore: virtual machine %u: %s", vmk->host_dir,
                           vm, strerror(errno));
            return -1;
        }
    }
    return 0;
}

void vmfs_fini(struct vmfs *vmfs)
{
    while (vmfs->count > 0)
        (void)close(vmfs->lock_fd[--vmfs->count]);
}
