/* vfs.c - see vfs.h. Raw system calls on the descriptor of the host directory.
 *
 * A file is opened for each write: logs get a line an hour, and a line that is written is then
 * in the file whatever happens to this process. */
#include "cos/kernel/fs/vfs.h"

#include "cos/kernel/cost.h"
#include "cos/kernel/task.h"
#include "shared/machine.h"
#include "shared/rawsys.h"

/* open(2) flags of x86-64 Linux */
#define O_WRONLY_RAW 01
#define O_CREAT_RAW 0100
#define O_APPEND_RAW 02000
#define O_NOFOLLOW_RAW 0400000
#define O_CLOEXEC_RAW 02000000
#define FILE_MODE 0644
#define EINTR_RAW (-4)
#define ENOSPC_RAW (-28)

static int open_file(const char *path, int flags)
{
    return (int)rawsys6(RAWSYS_openat, MACHINE_FD_HOST, (long)(uintptr_t)path,
                        flags | O_WRONLY_RAW | O_CREAT_RAW | O_NOFOLLOW_RAW | O_CLOEXEC_RAW,
                        FILE_MODE, 0, 0);
}

static int write_all(int fd, const char *data, uint32_t n)
{
    while (n > 0) {
        const long wrote = rawsys3(RAWSYS_write, fd, (long)(uintptr_t)data, n);
        if (wrote == EINTR_RAW)
            continue;
        if (wrote <= 0)
            return wrote < 0 ? (int)wrote : ENOSPC_RAW;
        data += wrote;
        n -= (uint32_t)wrote;
    }
    return 0;
}

int vfs_append(const char *path, const char *data, uint32_t n)
{
    cpu_charge((uint64_t)3 * COST_SYSCALL); /* open, write, close */
    const int fd = open_file(path, O_APPEND_RAW);
    if (fd < 0)
        return fd;
    const int error = write_all(fd, data, n);
    const int close_error = (int)rawsys3(RAWSYS_close, fd, 0, 0);
    return error != 0 ? error : close_error;
}

int vfs_replace(const char *path, const char *data, uint32_t n)
{
    cpu_charge((uint64_t)3 * COST_SYSCALL);
    const int fd = open_file(path, 0);
    if (fd < 0)
        return fd;
    int error = write_all(fd, data, n);
    if (error == 0)
        error = (int)rawsys3(RAWSYS_ftruncate, fd, n, 0);
    const int close_error = (int)rawsys3(RAWSYS_close, fd, 0, 0);
    return error != 0 ? error : close_error;
}
